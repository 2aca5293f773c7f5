/** The few shapes that product drawings are made of. Tones: d dark, m main, n second main, l light, w paper. */

export const rect = (tone, x, y, width, height, radius = 1.5) =>
  `<rect class="${tone}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`

export const circle = (tone, x, y, radius) => `<circle class="${tone}" cx="${x}" cy="${y}" r="${radius}"/>`

export const ellipse = (tone, x, y, radiusX, radiusY) =>
  `<ellipse class="${tone}" cx="${x}" cy="${y}" rx="${radiusX}" ry="${radiusY}"/>`

export const path = (tone, d) => `<path class="${tone}" d="${d}"/>`

export const line = (d, width) => `<path class="s" d="${d}" stroke-width="${width}"/>`
