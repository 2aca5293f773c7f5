/** A product's picture: its drawing in the colours of its category. No picture file, nothing from another host. */
import { cycling, outdoor, toys } from './away.js'
import { care, coffee, furniture, garden, kitchen, lighting } from './home.js'
import { audio, computing, phones } from './plugged.js'
import { line, path, rect } from './shapes.js'

const DRAWINGS = {
  coffee,
  kitchen,
  audio,
  computing,
  phones,
  cycling,
  outdoor,
  furniture,
  lighting,
  garden,
  toys,
  care,
}

/** Hue of each category, and the one its second tone has, in degrees (OKLCH). */
const HUES = {
  coffee: [55, 85],
  kitchen: [28, 70],
  audio: [290, 330],
  computing: [250, 210],
  phones: [225, 280],
  cycling: [165, 110],
  outdoor: [140, 75],
  furniture: [70, 35],
  lighting: [88, 50],
  garden: [128, 30],
  toys: [15, 240],
  care: [350, 200],
}

/** A parcel, for an item that the catalogue does not know (a replay of another shop's stream). */
const PARCEL =
  rect('m', 10, 20, 44, 36, 3) + path('l', 'M10 20l7-10h30l7 10z') + rect('d', 28, 10, 8, 22, 0) + line('M16 46h10', 3)

/** An element that shows the product; `position` is its place in its category. */
export function pictureOf(category, position) {
  const drawing = DRAWINGS[category]?.[position] ?? PARCEL
  const [hue, second] = HUES[category] ?? [260, 200]
  const picture = document.createElement('div')
  picture.className = 'picture'
  picture.style.setProperty('--hue', hue)
  picture.style.setProperty('--second', second)
  // Our own constants: no text of a visitor or of the network gets here.
  picture.innerHTML = `<svg viewBox="0 0 64 64" aria-hidden="true">${drawing}</svg>`
  return picture
}
