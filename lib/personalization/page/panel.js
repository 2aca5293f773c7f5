/** The live panel: figures once a second, three minutes of charts. */

import { byId, element } from './elements.js'
import uPlot from './vendor/uplot.js'

const MAX_SAMPLES = 180
const RATE_SECONDS = 5
/** What the service promises; a line in the chart of latencies. */
const PROMISED_MS = 200

let samples = []
let charts = []

const whole = new Intl.NumberFormat()
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const count = (value) => (value === null ? '–' : value < 100_000 ? whole.format(value) : short.format(value))
const ms = (value) =>
  value === null || value === undefined ? '–' : value < 10 ? value.toFixed(1) : count(Math.round(value))
const put = (id, text) => {
  byId(id).textContent = text
}

const DEMO_LOGIN = 'Demo login: any visitor may be any user.'
const NO_LOGIN = 'No login: this page needs the flag --demo-login. The figures below are live.'

export function openPanel({ label, simulated, demoLogin }, first) {
  put('input-label', label)
  put('login-note', demoLogin ? DEMO_LOGIN : NO_LOGIN)
  byId('input-badge').hidden = !simulated
  samples = first.history.slice(-MAX_SAMPLES)
  drawCharts()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawCharts)
  new ResizeObserver(resize).observe(byId('events-chart'))
  drawFigures(first)
}

export function timedClick(tookMs) {
  const own = byId('own-click')
  own.replaceChildren(
    'Your last click: ',
    element('b', '', `${tookMs} ms`),
    ' until it is on the screen, measured in this browser.',
  )
}

export function addFigures(snapshot) {
  samples.push(snapshot)
  if (samples.length > MAX_SAMPLES) samples.shift()
  const data = chartData()
  charts.forEach((chart, i) => {
    chart.setData(data[i])
  })
  drawFigures(snapshot)
}

function drawFigures({ clickToFrameMs, appendToCommitMs, service, delivery, doorErrors, byRule, rules, byArm }) {
  put('click-p50', ms(clickToFrameMs?.p50))
  put('click-p99', ms(clickToFrameMs?.p99))
  put('events-now', rate())
  put('append-p50', `${ms(appendToCommitMs?.p50)} ms`)
  put('append-p99', `${ms(appendToCommitMs?.p99)} ms`)
  put('lag', count(service.lagRecords))
  put('late', count(service.late))
  put('dead-letters', count(service.deadLetters))
  put('rejected', count(rejected(doorErrors)))
  put('duplicates', count(service.duplicateInputs))
  put('browsers', count(delivery.connections))
  put('tasks', count(service.tasks))
  put('hit-rate', service.recommender ? service.recommender.hitRate20.toFixed(3) : '–')
  put('mrr', service.recommender ? service.recommender.mrr20.toFixed(3) : '–')
  const most = Math.max(1, ...Object.values(byRule))
  byId('rules').replaceChildren(
    ...rules.map(({ rule, title }) => {
      const bar = element('span', 'bar')
      bar.style.setProperty('--share', byRule[rule] / most)
      return element(
        'li',
        '',
        element('span', '', title),
        element('span', '', bar),
        element('span', 'number', count(byRule[rule])),
      )
    }),
  )
  byId('arm-control').style.flexGrow = Math.max(1, byArm.control)
  byId('arm-treatment').style.flexGrow = Math.max(1, byArm.treatment)
  put('arm-control-count', count(byArm.control))
  put('arm-treatment-count', count(byArm.treatment))
}

/** Answers with an error, of all doors and codes. */
function rejected(doorErrors) {
  const codes = Object.values(doorErrors).flatMap((counts) => Object.values(counts))
  return codes.reduce((sum, times) => sum + times, 0)
}

/** The mean of the last few seconds: a slow stream would otherwise read 0 most of the time. */
function rate() {
  const latest = samples.slice(-RATE_SECONDS)
  const mean = latest.reduce((sum, sample) => sum + sample.eventsPerSecond, 0) / Math.max(1, latest.length)
  return mean > 0 && mean < 10 ? mean.toFixed(1) : count(Math.round(mean))
}

function chartData() {
  const at = samples.map((sample) => sample.at / 1_000)
  return [
    [at, samples.map((sample) => sample.eventsPerSecond)],
    [
      at,
      samples.map((sample) => sample.appendToCommitMs?.p50 ?? null),
      samples.map((sample) => sample.appendToCommitMs?.p99 ?? null),
      at.map(() => PROMISED_MS),
    ],
  ]
}

function drawCharts() {
  for (const chart of charts) chart.destroy()
  const accent = colour('--accent')
  const warm = colour('--warm')
  const data = chartData()
  charts = [
    chart('events-chart', data[0], [{ stroke: accent, width: 2, fill: fade(accent), points: { show: false } }]),
    chart('latency-chart', data[1], [
      { stroke: accent, width: 2, points: { show: false } },
      { stroke: warm, width: 2, points: { show: false } },
      { stroke: colour('--soft'), width: 1, dash: [4, 4], points: { show: false } },
    ]),
  ]
}

function chart(id, data, series) {
  const soft = colour('--soft')
  const into = byId(id)
  const axis = { stroke: soft, grid: { show: false }, ticks: { show: false }, font: '11px Inter, sans-serif' }
  return new uPlot(
    {
      width: into.clientWidth,
      height: into.clientHeight,
      padding: [6, 4, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: true }, y: { range: (_chart, _low, high) => [0, Math.max(1, high ?? 1) * 1.15] } },
      series: [{}, ...series],
      axes: [
        { ...axis, show: false },
        {
          ...axis,
          size: 30,
          splits: (_chart, _axis, _low, high) => marks(id, Math.round(high / 1.15)),
          values: (_chart, values) => values.map((value) => short.format(value)),
        },
      ],
    },
    data,
    into,
  )
}

/** What the axis names: the highest value, and in the chart of latencies what is promised, unless they would overlap. */
function marks(id, highest) {
  if (id !== 'latency-chart') return [highest]
  return highest > PROMISED_MS * 1.4 ? [PROMISED_MS, highest] : [PROMISED_MS]
}

function resize() {
  charts.forEach((chart, i) => {
    const into = byId(i === 0 ? 'events-chart' : 'latency-chart')
    chart.setSize({ width: into.clientWidth, height: into.clientHeight })
  })
}

/** A custom property as the canvas understands it. */
function colour(name) {
  const probe = element('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}

function fade(of) {
  return (plot) => {
    const gradient = plot.ctx.createLinearGradient(0, 0, 0, plot.ctx.canvas.height)
    gradient.addColorStop(0, `color-mix(in oklab, ${of} 32%, transparent)`)
    gradient.addColorStop(1, `color-mix(in oklab, ${of} 2%, transparent)`)
    return gradient
  }
}
