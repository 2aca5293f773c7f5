/**
 * The film of a product: six scenes of ten seconds, drawn from the product's picture. What is shown follows from the position
 * alone, so it can be sought in both directions. Play, pause, resume, seek and the end are activities.
 */
import { pictureOf } from './art/art.js'
import { button, element } from './elements.js'
import { whenSeen } from './notices.js'
import { act } from './shopper.js'

const SCENE_MS = 10_000
const BACK_MS = 10_000
/** A frame that comes later than this belongs to a tab that was hidden: the film waited. */
const LATEST_FRAME_MS = 250

/** Scene → zoom, turn (degrees), and shift (percent) of the picture, at its start and at its end. */
const SCENES = [
  { zoom: [0.7, 1], turn: [-6, 0], shift: [0, 0] },
  { zoom: [1.7, 1.9], turn: [0, 8], shift: [-16, 16] },
  { zoom: [1.1, 0.9], turn: [12, -12], shift: [6, -6] },
  { zoom: [2.3, 2.1], turn: [-8, 0], shift: [18, -10] },
  { zoom: [0.9, 1.4], turn: [0, 0], shift: [-10, 0] },
  { zoom: [1.4, 1], turn: [4, 0], shift: [0, 0] },
]

let current = null

/** The element that plays it. `captions`: the words of each scene. */
export function filmOf(product, captions) {
  current = new Film(product, captions)
  return current.root
}

/** Shows the decision in the film that it is about; false if that film is not open. */
export function showInFilm(decision) {
  if (current === null || !current.root.isConnected || current.videoId !== decision.becauseOf) return false
  current.show(decision)
  return true
}

function timeText(ms) {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

class Film {
  #captions
  #itemId
  #name
  #lengthMs
  #positionMs = 0
  #playing = false
  #started = false
  /** Where a drag of the slider began. */
  #leftMs = null
  #frameMs = 0
  #stage
  #caption = element('p', 'caption')
  #slider = element('input')
  #time = element('span', 'time')
  #toggle
  #card = element('div', 'film-card')

  constructor({ itemId, name, category, place }, captions) {
    this.videoId = `film-${itemId}`
    this.#itemId = itemId
    this.#name = name
    this.#captions = captions
    this.#lengthMs = captions.length * SCENE_MS
    this.#stage = pictureOf(category, place)
    this.#stage.append(this.#caption)
    this.#toggle = button('film-toggle', '', () => (this.#playing ? this.#pause() : this.#play()))
    this.#stage.addEventListener('click', () => this.#toggle.click())
    const back = button('film-back', '−10 s', () => this.#seek(this.#positionMs, this.#positionMs - BACK_MS))
    back.setAttribute('aria-label', 'Back ten seconds')
    Object.assign(this.#slider, { type: 'range', min: 0, max: this.#lengthMs, step: 100, value: 0 })
    this.#slider.setAttribute('aria-label', 'Position in the film')
    this.#slider.addEventListener('input', () => {
      this.#leftMs ??= this.#positionMs
      this.#draw(Number(this.#slider.value))
    })
    this.#slider.addEventListener('change', () => {
      const fromMs = this.#leftMs ?? this.#positionMs
      this.#leftMs = null
      this.#seek(fromMs, Number(this.#slider.value))
    })
    this.#card.hidden = true
    const controls = element('div', 'film-controls', this.#toggle, back, this.#slider, this.#time)
    this.root = element('div', 'film', this.#stage, controls, this.#card)
    this.root.dataset.video = this.videoId
    this.#draw(0)
  }

  /** The card of a playback decision. */
  show({ decisionId, reason }) {
    const does = (then) => () => {
      act('click', { decisionId, itemId: this.#itemId })
      this.#card.hidden = true
      then()
    }
    this.#card.dataset.decision = decisionId
    this.#card.replaceChildren(
      element('b', '', reason === 'paused' ? 'You stopped here' : 'You looked at this part again'),
      element('span', '', `${this.#name}: shall we put it aside for you, or show what others look at with it?`),
      element(
        'p',
        '',
        button(
          'primary',
          'Add to cart',
          does(() => document.getElementById('add').click()),
        ),
        button(
          'secondary',
          'Show others',
          does(() => document.getElementById('picks').scrollIntoView({ block: 'center' })),
        ),
      ),
    )
    this.#card.hidden = false
    whenSeen(this.#card, decisionId)
  }

  #play() {
    const isOver = this.#positionMs >= this.#lengthMs
    if (isOver) this.#positionMs = 0
    this.#tell(this.#started && !isOver ? 'video_resume' : 'video_play')
    this.#started = true
    this.#playing = true
    this.#frameMs = performance.now()
    requestAnimationFrame((ms) => this.#frame(ms))
    this.#draw(this.#positionMs)
  }

  #pause() {
    this.#playing = false
    this.#tell('video_pause')
    this.#draw(this.#positionMs)
  }

  /** Before the film was started, the slider only chooses where it begins. */
  #seek(fromMs, toMs) {
    const inFilmMs = Math.min(this.#lengthMs, Math.max(0, Math.round(toMs)))
    this.#positionMs = inFilmMs
    if (this.#started && inFilmMs !== Math.round(fromMs)) {
      act('video_seek', { videoId: this.videoId, positionMs: Math.round(fromMs), seekToMs: inFilmMs })
    }
    this.#draw(inFilmMs)
  }

  #frame(nowMs) {
    if (!this.#playing || !this.root.isConnected) return
    const passedMs = Math.min(LATEST_FRAME_MS, Math.max(0, nowMs - this.#frameMs))
    this.#frameMs = nowMs
    if (this.#leftMs === null) {
      this.#positionMs = Math.min(this.#lengthMs, this.#positionMs + passedMs)
      if (this.#positionMs >= this.#lengthMs) {
        this.#playing = false
        this.#tell('video_complete')
      }
      this.#draw(this.#positionMs)
    }
    requestAnimationFrame((ms) => this.#frame(ms))
  }

  #tell(type) {
    act(type, { videoId: this.videoId, positionMs: Math.round(this.#positionMs) })
  }

  #draw(positionMs) {
    const number = Math.min(SCENES.length - 1, Math.floor(positionMs / SCENE_MS))
    const done = Math.min(1, positionMs / SCENE_MS - number)
    const { zoom, turn, shift } = SCENES[number]
    const between = ([from, to]) => from + (to - from) * (done * done * (3 - 2 * done))
    const { style } = this.#stage.querySelector('svg')
    style.transform = this.#started
      ? `translateX(${between(shift)}%) rotate(${between(turn)}deg) scale(${between(zoom)})`
      : ''
    this.#caption.textContent = this.#started || positionMs > 0 ? this.#captions[number] : ''
    this.#slider.value = String(Math.round(positionMs))
    this.#slider.style.setProperty('--done', positionMs / this.#lengthMs)
    this.#time.textContent = `${timeText(positionMs)} / ${timeText(this.#lengthMs)}`
    this.root.dataset.state = this.#playing ? 'playing' : 'paused'
    this.#toggle.setAttribute('aria-label', this.#playing ? 'Pause the film' : 'Play the film')
  }
}
