/**
 * Goal: the documentation and the error texts stay in plain technical English. Method: words and turns of phrase that
 * made sentences hard to read are listed with what to write instead; none may come back.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ERROR_CODES } from '../../lib/errors.js'
import { lineAt, sourceFiles } from '../source-files.js'

const PLAIN: readonly (readonly [unclear: RegExp, instead: string])[] = [
  [/\banew\b/, 'again'],
  [/\b[Nn]obody\b|\b[Nn]othing is (lost|guessed|ever)\b/, 'name the thing: "no instance", "no record"'],
  [/\b[Ww]hoever\b|\b[Ww]hatever happens\b/, 'name the thing'],
  [/\bat a stroke\b|\bto this end\b|\bwherein\b|\bthereof\b|\bhence\b|\bsay so\b/, 'plain words'],
  [/\bis asked for\b|\bare asked for\b|\bwas asked for\b/, 'active voice: who asks what'],
  [/\bhas it that\b|\bit knows no\b|\bof no use\b|\bno use of\b/, 'say what is the case'],
  [/\b(who|whoever) asks\b|\bto who asks\b/, 'name the caller'],
  [/\bso (long|much)\b(?! as\b)/, 'give the length or the amount a name: "this long", "this much"'],
  [/\bfor so long\b|\bas much again as\b/, 'name the time or the amount'],
  [
    /\bwhere (it|they|there|one|that|the|a|an|no|none|nothing|some|several|each|all|both|records|keys)\b (is|are|was|were|has|have|can|does|do|would|may|must)\b/,
    '"if" for a condition',
  ],
  [/\bmeanwhile (to|is|are|was|were)\b|\bfor good\b|\bfor ever\b/, '"forever", "permanently"'],
  [/\blies?\b (in|on|behind|between|below|beside|elsewhere)\b/, '"is in"'],
  [/\bstands? (still|in|on|at|for|below|behind|beside|there|as)\b/, '"is"'],
  [/\bin hand\b|\bat hand\b|\bon (its|their) way\b|\bunder way\b/, '"current", "in progress"'],
  [/\bgo(es)? on\b|\bwent on\b|\bgoing on\b/, '"continue"'],
  [/\b(is|are|was|were|be) (gone|there|elsewhere)\b(?! (is|are|no|a|an|the)\b)/, '"missing", "present"'],
  [/\b(is|are) no (longer )?(valid|whole|Buffer|number|string|object|array)\b/, '"is not a"'],
  [/\bcut short\b|\bcut off\b(?= (from|by|in))/, '"incomplete", "truncated"'],
  [/\bfold(s|ed|ing)?\b/, '"aggregate"'],
  [/\bjudges?\b|\bjudged\b/, '"decides about"'],
  [/\bhands? (on|out|over)\b|\bhanded (on|out|over)\b/, '"forward", "return", "pass"'],
  [/\bholds? back\b|\bheld back\b|\blets? out\b/, '"buffers", "emits"'],
  [/\bthrown away\b|\btake back\b|\btakes back\b/, '"dropped", "undo"'],
  [/\bthe very same\b|\bletter by letter\b/, '"the same", "identical"'],
  [/\bcomes? (late|out|to be)\b|\bcame out\b/, '"is late", "is emitted"'],
  [/\btells? of\b|\btold of\b|\bspeaks? of\b|\bhears? of\b|\bheard of\b/, '"reports", "learns"'],
  [/\bin silence\b|\bfalls? silent\b|\bin the end\b|\bin its middle\b/, '"without a message", "finally"'],
  [/\bthose there are\b|\bas it (stands|stood|was|must|lay)\b|\bas (it|they) (is|are)\b/, '"unchanged"'],
  [/\bno matter\b|\bof its own accord\b|\bby itself alone\b/, 'plain words'],
  [/\b(is|are|be) left out\b/, '"omit"'],
  [
    /\b(life|lives) of (a|an|the) (process|member|broker)\b|\b(earlier|next|former|two) li(fe|ves)\b/,
    '"run", "process", "start"',
  ],
  [/\btime-outs?\b/, '"timeout"'],
  [/\brefus(e|es|ed|al)\b/, '"reject", "fail"'],
  [/\bbut for\b/, '"except"'],
  [/\btakes what\b|\bof what reads\b/, '"takes the result of", name the reader'],
  [/\binflates? past\b/, '"is larger than N bytes when decompressed"'],
  [/\b([Aa]ny|[Ss]ome)body\b/, 'name the thing'],
  [/\bbecomes what\b|\bwhat becomes of\b|\bwhat it has of\b/, '"counterpart", "how it is processed", "the features"'],
  [/\brules for rooms\b|\bhas room\b/, '"folders", "has space left"'],
  [/\bnetwork between\b/, '"the network"'],
  [/\bsay how many there are\b/, '"give the number"'],
]

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pagesUnder('docs')]

function pagesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return pagesUnder(path)
    return path.endsWith('.md') ? [path] : []
  })
}

function found(where: string, text: string): string[] {
  return PLAIN.flatMap(([unclear, instead]) =>
    [...text.matchAll(new RegExp(unclear, 'g'))].map(
      (match) => `${where}:${lineAt(text, match.index)} "${match[0]}": ${instead}`,
    ),
  )
}

t.test('the documentation has none of the listed words', async (t) => {
  for (const path of pages) {
    const prose = readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, (fence) =>
      fence.replaceAll(/[^\n]/g, ''),
    )
    t.same(found(path, prose.replaceAll(/`[^`\n]*`/g, '``')), [])
  }
})

t.test('the remedies of the errors have none', async (t) => {
  for (const [code, remedy] of Object.entries(ERROR_CODES)) t.same(found(code, remedy), [])
})

/** Strings of the code. */
const TEXT = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g

t.test('messages, log lines and help texts have none', async (t) => {
  const files = sourceFiles('lib').filter(({ path }) => !path.startsWith('lib/testing/suites/'))
  for (const { path, text } of files) {
    const code = text.replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')
    const sentences = [...code.matchAll(TEXT)].filter(({ 0: words }) => words.split(' ').length > 2)
    const wrong = sentences.flatMap(({ 0: words, index }) =>
      found(`${path}:${lineAt(code, index)}`, words.replaceAll(/\$\{[^}]*\}|\\`[^`]*\\`/g, '')),
    )
    t.same(wrong, [], path)
  }
})
