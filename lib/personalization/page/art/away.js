/** Product drawings: what rolls, is worn outdoors or played with. */
import { circle, ellipse, line, path, rect } from './shapes.js'

const wheel = (x, y, radius) =>
  `<circle class="s" cx="${x}" cy="${y}" r="${radius}" stroke-width="3"/>${circle('d', x, y, 2)}`

export const cycling = [
  // City bike
  wheel(16, 42, 11) +
    wheel(48, 42, 11) +
    line('M16 42l10-20h16l6 20M26 22l8 20H16M34 42l8-20M42 22l-2-6h6M22 20h8', 3) +
    rect('m', 44, 22, 10, 9, 2),
  // Gravel bike
  wheel(15, 42, 12) +
    wheel(49, 42, 12) +
    line('M15 42l9-20 18-1 7 21M24 22l9 20H15M33 42l9-21M41 18l6-1c4 3 2 7-1 7M20 19h8', 3),
  // Helmet
  path('m', 'M6 40C6 20 20 10 34 10s24 12 24 28l-4 4z') +
    path('l', 'M20 16l6 22h-8l-4-16zM34 12l4 24h-8l-4-22zM46 16l4 20h-8l-2-23z') +
    line('M16 42l10 14M46 41L28 56', 2.5),
  // Rear light
  rect('d', 20, 10, 24, 44, 10) +
    rect('m', 24, 14, 16, 36, 7) +
    circle('w', 32, 22, 4) +
    circle('l', 32, 32, 4) +
    circle('w', 32, 42, 4),
  // Floor pump
  rect('m', 27, 18, 10, 34, 2) +
    line('M18 8h28', 5) +
    line('M32 8v12', 3.5) +
    rect('d', 18, 52, 28, 5, 2) +
    line('M37 46c16 0 12-26 18-26', 2.5),
  // Pannier bag
  path('m', 'M12 18h40l-3 34a4 4 0 0 1-4 4H19a4 4 0 0 1-4-4z') +
    path('d', 'M10 12h44l-2 16H12z') +
    rect('w', 28, 24, 8, 10, 2) +
    rect('l', 20, 40, 24, 10, 3),
  // Bike lock
  `<rect class="s" x="18" y="6" width="28" height="38" rx="14" stroke-width="6"/>` +
    rect('m', 10, 36, 44, 20, 5) +
    circle('w', 32, 44, 4) +
    rect('w', 30.5, 45, 3, 7),
  // Multi-tool
  rect('m', 10, 24, 44, 14, 6) +
    path('l', 'M16 24V10l6-4v18zM42 38v14l6 4V38z') +
    line('M32 38v18', 4) +
    line('M36 24V8', 3) +
    circle('d', 17, 31, 3) +
    circle('d', 47, 31, 3),
  // Kids bike
  wheel(18, 44, 9) +
    wheel(46, 44, 9) +
    line('M18 44l8-16h14l6 16M26 28l6 16H18M32 44l8-16M40 28l-2-9h7M22 26h8', 3.5) +
    circle('n', 45, 18, 4),
  // Saddle
  path('m', 'M6 22c10-6 20-2 28 2 8 3 16 2 24 4 2 8-10 8-20 8-10 0-10 8-20 8C8 44 4 30 6 22z') +
    line('M24 42c6 6 14 4 18-6M32 44v14', 3),
  // Bike computer
  rect('d', 18, 8, 28, 38, 6) +
    rect('w', 22, 13, 20, 22, 2) +
    line('M26 28l5-7 4 4 4-6', 2.5) +
    circle('m', 27, 41, 2) +
    circle('m', 37, 41, 2) +
    line('M6 54h52', 5),
  // Rain cape
  path('m', 'M32 8c6 0 10 4 10 10l14 34c-8 4-40 4-48 0l14-34c0-6 4-10 10-10z') +
    path('d', 'M32 12c4 0 6 3 6 7s-2 7-6 7-6-3-6-7 2-7 6-7z') +
    line('M32 26v28', 2),
]

export const outdoor = [
  // Trekking tent
  path('m', 'M32 10L60 54H4z') +
    path('d', 'M32 26l14 28H18z') +
    path('l', 'M32 26l4 28H18z') +
    line('M32 10l-4-6M32 10l4-6', 2.5),
  // Down sleeping bag
  path('m', 'M22 8h20c8 0 8 14 6 24l-6 24H22l-6-24C14 22 14 8 22 8z') +
    ellipse('w', 32, 17, 9, 6) +
    line('M17 30h30M19 39h26M21 48h22', 2),
  // Hiking boots
  path('m', 'M16 10h18v22l18 8c6 3 6 8 6 10H16z') +
    rect('d', 14, 50, 46, 6, 2) +
    line('M34 18h-8M34 25h-8M38 34l-6 4', 2.5) +
    rect('l', 14, 8, 22, 6, 2),
  // Rain jacket
  path('m', 'M24 10h16l14 10-4 26-6-2v12H20V44l-6 2-4-26z') +
    path('d', 'M24 10c0 8 16 8 16 0l-3-4H27z') +
    line('M32 18v38', 2) +
    rect('l', 23, 40, 6, 2) +
    rect('l', 35, 40, 6, 2),
  // Head torch
  line('M8 30c0-20 48-20 48 0', 6) +
    rect('d', 20, 24, 24, 20, 6) +
    circle('w', 32, 34, 7) +
    path('l', 'M24 48h16l6 12H18z'),
  // Camp stove
  path('n', 'M32 6c8 8 6 14 0 14s-8-6 0-14z') +
    line('M14 24h36', 4) +
    path('d', 'M26 24h12v10H26z') +
    rect('m', 20, 34, 24, 22, 6) +
    rect('l', 24, 42, 16, 6),
  // Water filter
  path('m', 'M22 8h20v10l4 6v30a3 3 0 0 1-3 3H21a3 3 0 0 1-3-3V24l4-6z') +
    path('l', 'M18 36h28v18a3 3 0 0 1-3 3H21a3 3 0 0 1-3-3z') +
    path('w', 'M32 38c6 7 4 13 0 13s-6-6 0-13z') +
    rect('d', 24, 4, 16, 5, 2),
  // Trekking poles
  line('M18 8l10 50M46 8L36 58', 3) +
    line('M16 8h5M43 8h5', 5) +
    path('m', 'M15 6h6l3 13h-5zM49 6h-6l-3 13h5z') +
    line('M22 50h9M33 50h9', 2.5),
  // Day pack
  path('m', 'M16 24a16 16 0 0 1 32 0v28a5 5 0 0 1-5 5H21a5 5 0 0 1-5-5z') +
    rect('l', 21, 36, 22, 16, 4) +
    line('M26 9c0-6 12-6 12 0', 3) +
    path('d', 'M18 20h28v6H18z') +
    rect('d', 10, 34, 6, 16, 3) +
    rect('d', 48, 34, 6, 16, 3),
  // Camping chair
  path('m', 'M16 8h30l-2 24H18z') +
    path('l', 'M16 32h30l4 6H14z') +
    line('M14 38l34 18M50 38L16 56M12 26v14M52 26v14', 3.5),
  // Vacuum flask
  rect('m', 22, 20, 20, 38, 5) + rect('d', 24, 6, 16, 14, 4) + rect('l', 22, 32, 20, 12) + rect('w', 26, 23, 3, 6),
  // Hammock
  line('M6 8v50M58 8v50', 4) +
    path('m', 'M6 20c14 30 38 30 52 0-10 14-42 14-52 0z') +
    path('l', 'M16 31c10 8 22 8 32 0-8 16-24 16-32 0z'),
]

export const toys = [
  // Building bricks
  rect('m', 6, 36, 26, 20, 2) +
    rect('n', 32, 36, 26, 20, 2) +
    rect('l', 18, 16, 28, 20, 2) +
    rect('m', 10, 32, 7, 4, 1) +
    rect('l', 22, 11, 7, 5, 1) +
    rect('l', 35, 11, 7, 5, 1) +
    rect('n', 48, 32, 7, 4, 1),
  // Wooden train
  rect('m', 10, 28, 30, 18, 3) +
    rect('n', 38, 14, 18, 32, 3) +
    rect('w', 42, 19, 10, 9, 2) +
    rect('d', 14, 16, 7, 12, 1) +
    circle('d', 18, 50, 7) +
    circle('d', 34, 50, 7) +
    circle('d', 49, 50, 7),
  // Puzzle 1000
  path('m', 'M10 10h16c-2 8 10 8 8 0h20v18c-8-3-8 10 0 8v18H36c2-8-10-8-8 0H10V36c8 2 8-11 0-8z') +
    path('l', 'M34 36c0-4 8-4 8 0s-8 8-8 0z'),
  // Board game
  rect('d', 6, 6, 52, 52, 4) +
    [0, 1, 2, 3]
      .map((row) =>
        [0, 1, 2, 3]
          .map((cell) => rect((row + cell) % 2 ? 'm' : 'l', 10 + cell * 11, 10 + row * 11, 11, 11, 0))
          .join(''),
      )
      .join('') +
    circle('w', 26.5, 26.5, 4) +
    circle('d', 37.5, 37.5, 4),
  // Doll house
  path('d', 'M4 28L32 6l28 22z') +
    rect('l', 10, 28, 44, 28) +
    rect('m', 28, 40, 10, 16, 1) +
    rect('w', 15, 33, 8, 8) +
    rect('w', 42, 33, 8, 8) +
    line('M10 28h44', 2),
  // Kite
  path('m', 'M34 4l18 22-22 24-12-28z') +
    path('l', 'M34 4l-4 46-12-28z') +
    line('M30 50c-4 4 6 4 0 10', 2.5) +
    line('M18 22l34 4', 2),
  // Marble run
  line('M8 14l36 10M54 28L18 38M10 44l40 10', 4) +
    circle('m', 16, 10, 5) +
    circle('n', 44, 25, 5) +
    circle('l', 22, 32, 5) +
    circle('m', 48, 47, 5) +
    line('M8 10v48M56 22v36', 2.5),
  // Plush bear
  circle('m', 18, 16, 8) +
    circle('m', 46, 16, 8) +
    circle('l', 18, 16, 4) +
    circle('l', 46, 16, 4) +
    circle('m', 32, 30, 21) +
    ellipse('l', 32, 38, 10, 8) +
    circle('d', 24, 27, 2.5) +
    circle('d', 40, 27, 2.5) +
    ellipse('d', 32, 35, 4, 3) +
    line('M32 38v4', 2),
  // Balance bike
  wheel(16, 44, 11) +
    wheel(48, 44, 11) +
    path('m', 'M16 42L28 26h14l6 16-8-8H28z') +
    line('M42 28l-2-12h8M24 24h10', 3.5),
  // Craft kit
  rect('m', 8, 30, 48, 26, 4) +
    rect('d', 8, 38, 48, 5) +
    path('l', 'M16 30V12l4-6 4 6v18z') +
    rect('n', 29, 10, 7, 20, 1) +
    path('w', 'M42 30V10h7v20z') +
    rect('w', 28, 36, 8, 9, 2),
  // Toy kitchen
  rect('m', 10, 24, 44, 34, 3) +
    rect('d', 16, 38, 20, 16, 2) +
    rect('l', 19, 41, 14, 10, 1) +
    circle('w', 44, 34, 3) +
    circle('w', 44, 44, 3) +
    rect('n', 14, 12, 16, 12, 3) +
    rect('d', 8, 22, 48, 4) +
    line('M30 16h6', 3),
  // Remote-control car
  path('m', 'M4 40l6-12h12l8-10h16l4 12 10 4v10H4z') +
    path('w', 'M26 28l6-7h11l2 7z') +
    circle('d', 17, 46, 8) +
    circle('d', 47, 46, 8) +
    circle('l', 17, 46, 3) +
    circle('l', 47, 46, 3) +
    line('M12 28V10', 2) +
    circle('n', 12, 9, 3),
]
