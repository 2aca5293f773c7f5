/** Product drawings: house and garden. Each is a few flat shapes on a 64 by 64 field; the tile gives the colours. */
import { circle, ellipse, line, path, rect } from './shapes.js'

export const coffee = [
  // Pour-over kettle
  path('m', 'M20 26h20l5 24a3 3 0 0 1-3 4H18a3 3 0 0 1-3-4z') +
    rect('d', 24, 20, 12, 6) +
    circle('d', 30, 17, 3) +
    line('M44 46c8-2 6-14 12-20', 4) +
    line('M17 30c-8 0-8 14-1 16', 4),
  // Burr grinder
  path('l', 'M22 12h20l-3 14H25z') +
    rect('m', 22, 26, 20, 28, 3) +
    rect('w', 26, 36, 12, 12) +
    line('M32 12V7h12', 3) +
    circle('d', 45, 7, 3),
  // Moka pot
  path('m', 'M22 10h20l-4 18H26z') +
    path('d', 'M25 30h14l5 22a2 2 0 0 1-2 2H22a2 2 0 0 1-2-2z') +
    line('M41 14h9v14', 4) +
    circle('d', 32, 7, 3) +
    rect('l', 24, 27, 16, 4),
  // Espresso cups
  path('m', 'M10 22h22v8a11 11 0 0 1-22 0z') +
    ellipse('d', 21, 44, 14, 3) +
    path('l', 'M34 34h20v7a10 10 0 0 1-20 0z') +
    ellipse('d', 44, 54, 13, 3) +
    line('M32 24h4a4 4 0 0 1 0 8h-5', 3),
  // Milk frother
  rect('m', 25, 6, 14, 26, 7) + line('M32 32v16', 3) + ellipse('n', 32, 52, 9, 5) + rect('w', 30, 12, 4, 8),
  // Cold brew jug
  path('l', 'M20 14h24v36a5 5 0 0 1-5 5H25a5 5 0 0 1-5-5z') +
    path('m', 'M20 28h24v22a5 5 0 0 1-5 5H25a5 5 0 0 1-5-5z') +
    rect('d', 18, 9, 28, 6) +
    line('M44 22h7v20h-7', 4),
  // Tea infuser
  line('M32 6c10 4-8 8 0 16', 2.5) +
    circle('m', 32, 40, 15) +
    circle('w', 26, 36, 2) +
    circle('w', 34, 34, 2) +
    circle('w', 40, 40, 2) +
    circle('w', 30, 44, 2) +
    circle('w', 37, 48, 2) +
    rect('d', 16, 38, 32, 3),
  // Ceramic dripper
  path('m', 'M12 18h40L38 40H26z') +
    rect('d', 20, 40, 24, 5) +
    path('l', 'M22 48h20v8H22z') +
    line('M49 21h6v10h-9', 3),
  // Travel mug
  path('m', 'M20 18h24l-3 36a3 3 0 0 1-3 2H26a3 3 0 0 1-3-2z') +
    rect('d', 18, 10, 28, 8, 3) +
    path('l', 'M21.5 30h21l-1 11h-19z'),
  // Espresso machine
  rect('m', 10, 10, 44, 14, 3) +
    rect('d', 36, 24, 16, 22) +
    rect('d', 10, 48, 44, 6, 2) +
    rect('l', 16, 24, 12, 5) +
    path('w', 'M17 37h11v6a4 4 0 0 1-4 4h-3a4 4 0 0 1-4-4z') +
    circle('w', 18, 17, 3) +
    circle('w', 28, 17, 3),
  // Coffee scale
  rect('m', 8, 36, 48, 14, 4) +
    rect('w', 22, 40, 20, 6, 1) +
    path('l', 'M18 16h28v14a6 6 0 0 1-6 6H24a6 6 0 0 1-6-6z') +
    rect('d', 16, 12, 32, 5),
  // Bean canister
  rect('m', 18, 20, 28, 36, 4) +
    rect('d', 16, 10, 32, 10, 3) +
    ellipse('l', 32, 38, 7, 9) +
    line('M32 30c-4 5 4 11 0 16', 2),
]

export const kitchen = [
  // Chef knife
  path('l', 'M8 14c16 4 26 14 30 26L30 44C18 38 10 28 8 14z') + path('d', 'M36 42l6-5 14 14a4 4 0 0 1-6 6z'),
  // Cast-iron pan
  circle('d', 25, 32, 19) +
    circle('m', 25, 32, 14) +
    rect('d', 42, 28, 20, 8, 4) +
    path('l', 'M16 27a11 11 0 0 1 12-5'),
  // Mixing bowls
  path('l', 'M16 16h32a16 14 0 0 1-32 0z') +
    path('m', 'M12 26h40a20 16 0 0 1-40 0z') +
    path('d', 'M7 37h50a25 18 0 0 1-50 0z'),
  // Stand mixer
  path('m', 'M12 14a8 8 0 0 1 8-6h26a8 8 0 0 1 0 16H30v6h-8V24h-2a8 8 0 0 1-8-8z') +
    rect('m', 42, 22, 10, 28) +
    rect('d', 10, 50, 46, 6, 3) +
    path('l', 'M12 34h26v4a12 12 0 0 1-26 0z'),
  // Chopping board
  rect('m', 14, 8, 36, 48, 6) +
    circle('w', 32, 15, 3) +
    rect('l', 20, 24, 24, 3) +
    rect('l', 20, 32, 24, 3) +
    rect('l', 20, 40, 24, 3),
  // Spice rack
  rect('d', 8, 28, 48, 4) +
    rect('d', 8, 54, 48, 4) +
    rect('m', 12, 14, 11, 14) +
    rect('l', 27, 14, 11, 14) +
    rect('m', 42, 14, 11, 14) +
    rect('l', 12, 40, 11, 14) +
    rect('m', 27, 40, 11, 14) +
    rect('l', 42, 40, 11, 14),
  // Bread tin
  path('l', 'M14 26c0-14 36-14 36 0z') +
    path('m', 'M8 26h48l-5 26a3 3 0 0 1-3 3H16a3 3 0 0 1-3-3z') +
    rect('d', 6, 24, 52, 5),
  // Salad spinner
  path('l', 'M10 28h44a22 24 0 0 1-44 0z') +
    ellipse('m', 32, 27, 24, 6) +
    rect('d', 28, 12, 8, 13, 4) +
    rect('d', 22, 50, 20, 5),
  // Stock pot
  rect('m', 13, 22, 38, 32, 5) +
    rect('d', 10, 17, 44, 6, 3) +
    rect('d', 28, 10, 8, 7, 3) +
    line('M13 32H6M58 32h-7', 5),
  // Pepper mill
  circle('d', 32, 11, 6) +
    path('m', 'M26 18h12c4 6-2 10-2 15s6 8 6 22H22c0-14 6-17 6-22s-6-9-2-15z') +
    rect('l', 24, 44, 16, 4),
  // Oven gloves
  path('m', 'M20 56V30c0-24 24-24 24-2v2c4-6 12-2 9 4l-9 12v10z') +
    rect('l', 18, 48, 28, 9) +
    line('M27 22v14M35 20v16', 2),
  // Hand blender
  rect('m', 25, 6, 14, 26, 6) +
    rect('l', 29, 32, 6, 14) +
    path('d', 'M22 56c0-14 20-14 20 0z') +
    circle('w', 32, 14, 3),
]

export const furniture = [
  // Reading chair
  path('m', 'M18 12h22a5 5 0 0 1 5 5v19H18z') +
    rect('d', 11, 28, 9, 22, 4) +
    rect('d', 44, 28, 9, 22, 4) +
    rect('l', 18, 36, 28, 9, 3) +
    line('M18 50v6M46 50v6', 4),
  // Oak desk
  rect('m', 6, 22, 52, 7) +
    rect('d', 10, 29, 5, 26) +
    rect('d', 50, 29, 5, 26) +
    rect('l', 34, 29, 16, 14) +
    line('M40 36h4', 2.5),
  // Bookcase
  rect('d', 12, 6, 40, 52, 3) +
    rect('l', 16, 10, 32, 13) +
    rect('l', 16, 26, 32, 13) +
    rect('l', 16, 42, 32, 13) +
    rect('m', 18, 12, 4, 11) +
    rect('n', 23, 14, 5, 9) +
    rect('m', 30, 12, 4, 11) +
    rect('n', 20, 29, 5, 10) +
    rect('m', 38, 28, 5, 11) +
    rect('n', 34, 44, 4, 11) +
    rect('m', 40, 46, 5, 9),
  // Three-seat sofa
  rect('m', 12, 18, 40, 18, 5) +
    rect('d', 5, 28, 11, 22, 5) +
    rect('d', 48, 28, 11, 22, 5) +
    rect('l', 15, 34, 34, 10, 3) +
    line('M26 34v10M38 34v10', 2) +
    line('M12 50v5M52 50v5', 4),
  // Bedside table
  rect('m', 14, 16, 36, 28, 3) +
    rect('l', 18, 20, 28, 9) +
    rect('l', 18, 32, 28, 9) +
    line('M30 24.500h4M30 36.500h4', 2.5) +
    line('M18 44v12M46 44v12', 4),
  // Dining table
  ellipse('m', 32, 24, 26, 8) + path('d', 'M28 30h8l2 18h8v6H18v-6h8z') + ellipse('l', 32, 22, 18, 4),
  // Office chair
  rect('m', 20, 6, 24, 26, 6) +
    rect('d', 16, 36, 32, 8, 4) +
    line('M32 44v10M32 50l-14 6M32 50l14 6', 4) +
    line('M32 32v5', 5),
  // Coat stand
  line('M32 8v46M32 52l-12 5M32 52l12 5', 4) +
    line('M32 16c-10 0-12-4-12-8M32 16c10 0 12-4 12-8M32 26c-8 0-10-3-10-7M32 26c8 0 10-3 10-7', 3.5) +
    circle('m', 32, 7, 4),
  // Sideboard
  rect('m', 6, 22, 52, 26, 3) +
    rect('l', 10, 26, 13, 18) +
    rect('l', 25.5, 26, 13, 18) +
    rect('l', 41, 26, 13, 18) +
    line('M12 48v8M52 48v8', 4) +
    path('d', 'M44 22v-8l4-4 4 4v8z'),
  // Bar stool
  ellipse('m', 32, 14, 16, 5) + line('M22 18l-6 38M42 18l6 38M20 34h24M18 44h28', 3.5),
  // Bed frame
  rect('d', 6, 14, 6, 42, 2) +
    rect('d', 52, 28, 6, 28, 2) +
    rect('m', 10, 34, 44, 13, 4) +
    rect('l', 14, 26, 16, 9, 4) +
    rect('n', 30, 30, 22, 9, 4),
  // Shoe bench
  rect('m', 8, 20, 48, 8, 3) +
    rect('d', 10, 28, 4, 28) +
    rect('d', 50, 28, 4, 28) +
    rect('l', 12, 40, 40, 4) +
    path('n', 'M18 40v-7h5l7 4v3zM34 40v-7h5l7 4v3z'),
]

export const lighting = [
  // Desk lamp
  line('M20 54L30 32 18 20', 4) +
    path('m', 'M12 24l12-14 10 8-12 14z') +
    ellipse('d', 22, 55, 14, 4) +
    circle('w', 27, 25, 4),
  // Floor lamp
  path('m', 'M20 8h24l6 18H14z') + line('M32 26v30', 3.5) + ellipse('d', 32, 57, 12, 3) + path('w', 'M26 26h12v3H26z'),
  // Pendant light
  line('M32 2v18', 3) +
    path('m', 'M32 18c14 0 20 10 22 22H10c2-12 8-22 22-22z') +
    ellipse('w', 32, 41, 10, 5) +
    rect('d', 10, 38, 44, 4, 2),
  // Wall light
  rect('d', 10, 16, 7, 32, 3) +
    line('M17 32h14', 4) +
    path('m', 'M28 14h22v22a11 11 0 0 1-22 0z') +
    path('w', 'M33 14h12v8H33z'),
  // Smart bulb
  path('w', 'M32 8a18 18 0 0 1 10 33v5H22v-5A18 18 0 0 1 32 8z') +
    path('m', 'M32 14a12 12 0 0 1 0 24z') +
    rect('d', 23, 46, 18, 5) +
    rect('d', 26, 52, 12, 5, 2),
  // String lights
  line('M4 16c16 20 40 20 56 0', 2.5) +
    circle('m', 11, 29, 5) +
    circle('w', 23, 36, 5) +
    circle('n', 35, 38, 5) +
    circle('m', 47, 34, 5) +
    circle('w', 56, 26, 4),
  // Night light
  circle('m', 32, 30, 20) + circle('l', 39, 25, 16) + rect('d', 20, 50, 24, 6, 3),
  // Lantern
  line('M22 18c0-16 20-16 20 0', 3) +
    rect('d', 18, 16, 28, 5, 2) +
    rect('l', 20, 21, 24, 28) +
    rect('d', 16, 49, 32, 6, 2) +
    path('m', 'M32 26c8 8 5 18 0 18s-8-10 0-18z') +
    line('M20 21v28M44 21v28', 3),
  // Clip lamp
  path('m', 'M26 8l18 8-10 20-18-8z') +
    line('M34 30c10 2 12 8 8 14', 3.5) +
    rect('d', 30, 42, 18, 6, 2) +
    rect('d', 30, 51, 18, 6, 2) +
    circle('w', 24, 31, 4),
  // Ceiling light
  rect('d', 22, 8, 20, 6, 2) +
    path('m', 'M8 16h48a24 20 0 0 1-48 0z') +
    path('w', 'M16 16h32a16 12 0 0 1-32 0z') +
    line('M20 46l-3 8M32 48v9M44 46l3 8', 2.5),
  // Paper shade
  line('M32 2v8', 2.5) +
    circle('w', 32, 34, 22) +
    line('M14 22h36M10 30h44M10 38h44M14 46h36', 1.5) +
    rect('m', 26, 9, 12, 5, 2),
  // Table lamp
  path('m', 'M22 8h20l8 22H14z') +
    path('d', 'M27 30h10c0 8 6 10 6 17s-5 9-11 9-11-2-11-9 6-9 6-17z') +
    path('l', 'M27 8h5l-2 22h-8z'),
]

export const garden = [
  // Watering can
  rect('m', 16, 26, 28, 28, 4) +
    line('M44 44l12-18', 5) +
    line('M52 24l8 5', 4) +
    line('M16 32C4 32 6 50 16 48', 4) +
    line('M20 26c0-14 20-14 20 0', 4),
  // Secateurs
  path('l', 'M30 28C22 20 22 10 28 6c6 6 8 14 6 22z') +
    path('n', 'M34 28c8-6 12-12 10-18-8 2-12 8-14 16z') +
    line('M30 30L18 56M34 30l12 26', 6) +
    circle('d', 32, 29, 4),
  // Raised bed
  rect('d', 6, 36, 52, 18, 2) +
    line('M6 45h52', 2) +
    path(
      'm',
      'M16 36c-8-6-6-14-4-16 6 4 8 10 4 16zM32 36c-8-8-6-18 0-24 6 6 8 16 0 24zM48 36c-4-6-2-12 4-16 2 2 4 10-4 16z',
    ),
  // Hose reel
  circle('m', 30, 32, 20) +
    circle('l', 30, 32, 13) +
    circle('m', 30, 32, 8) +
    circle('w', 30, 32, 3) +
    line('M46 46c4 6 8 6 12 4', 4) +
    rect('d', 18, 52, 24, 5, 2),
  // Garden fork
  line('M32 6v28', 4) +
    rect('d', 25, 4, 14, 5, 2) +
    path('m', 'M20 34h24v6H20z') +
    line('M22 38v18M32 38v20M42 38v18', 3.5),
  // Lawn mower
  path('m', 'M10 34h34l6 12H10z') +
    rect('d', 20, 26, 18, 9, 2) +
    circle('d', 17, 49, 7) +
    circle('d', 43, 49, 7) +
    circle('w', 17, 49, 2.5) +
    circle('w', 43, 49, 2.5) +
    line('M44 36L58 12h-6', 3.5),
  // Compost bin
  path('m', 'M14 18h36l-4 38H18z') +
    rect('d', 11, 12, 42, 7, 3) +
    line('M22 28h20M21 37h22M21 46h22', 2.5) +
    path('n', 'M32 12c-4-6 2-10 8-9 0 5-3 9-8 9z'),
  // Seed tray
  path('d', 'M8 40h48l-4 14H12z') +
    path(
      'm',
      'M16 40c-6-4-5-9-2-11 4 2 5 7 2 11zM27 40c-6-4-5-9-2-11 4 2 5 7 2 11zM38 40c-6-4-5-9-2-11 4 2 5 7 2 11zM49 40c-6-4-5-9-2-11 4 2 5 7 2 11z',
    ) +
    rect('l', 6, 38, 52, 4),
  // Parasol
  path('m', 'M4 28C8 6 56 6 60 28z') +
    path('l', 'M20 28c2-14 8-17 12-17s10 3 12 17z') +
    line('M32 26v30', 3.5) +
    ellipse('d', 32, 57, 10, 3),
  // Bird feeder
  path('d', 'M12 22L32 6l20 16z') +
    rect('l', 20, 22, 24, 22) +
    circle('m', 32, 32, 6) +
    rect('d', 12, 44, 40, 5, 2) +
    line('M32 49v9', 4),
  // Charcoal grill
  path('m', 'M10 28h44a22 20 0 0 1-44 0z') +
    path('d', 'M12 24a20 16 0 0 1 40 0z') +
    line('M24 44l-6 14M40 44l6 14', 3.5) +
    rect('w', 28, 6, 8, 4, 2),
  // Plant stand
  path('m', 'M32 30C18 26 16 14 18 8c10 2 14 10 14 22zM32 30c0-14 6-20 16-22 2 8-4 18-16 22z') +
    path('n', 'M22 30h20l-3 12H25z') +
    line('M24 42l-4 16M40 42l4 16M18 44h28', 3.5),
]

export const care = [
  // Electric toothbrush
  rect('m', 27, 24, 10, 34, 5) + rect('l', 30, 12, 4, 14) + rect('w', 26, 6, 10, 9, 2) + circle('w', 32, 34, 2.5),
  // Hair dryer
  path('m', 'M12 12h28a11 11 0 0 1 0 22H12z') +
    rect('d', 6, 14, 7, 18, 2) +
    path('d', 'M28 34h12l-3 22h-8z') +
    circle('l', 40, 23, 5),
  // Shaver
  rect('m', 20, 22, 24, 36, 10) +
    rect('d', 17, 8, 30, 14, 5) +
    circle('l', 26, 15, 4) +
    circle('l', 38, 15, 4) +
    circle('w', 32, 36, 4),
  // Bath towels
  rect('m', 10, 40, 44, 14, 6) +
    rect('l', 12, 27, 40, 13, 6) +
    rect('n', 14, 14, 36, 13, 6) +
    line('M16 47h10M18 33h10', 2),
  // Hand cream
  path('m', 'M20 10h24l-4 38H24z') +
    rect('d', 24, 48, 16, 9, 3) +
    rect('d', 18, 7, 28, 4) +
    path('w', 'M27 20h10v12H27z'),
  // Soap set
  rect('m', 10, 30, 34, 18, 8) +
    rect('l', 24, 20, 30, 16, 8) +
    circle('w', 18, 16, 5) +
    circle('w', 28, 10, 3) +
    ellipse('d', 32, 54, 24, 3),
  // Massage gun
  path('m', 'M14 12h30a8 8 0 0 1 0 16H30l-2 26a4 4 0 0 1-4 4h-2a4 4 0 0 1-4-4l-1-26h-3z') +
    circle('d', 55, 20, 7) +
    rect('l', 48, 17, 5, 6),
  // Curling iron
  path('m', 'M26 34h12v18a6 6 0 0 1-12 0z') +
    rect('l', 28, 6, 8, 28, 4) +
    line('M38 36c8-8 6-16 4-24', 3) +
    circle('w', 32, 44, 2.5),
  // Beard trimmer
  rect('m', 22, 20, 20, 38, 8) +
    path('d', 'M20 12h24v8H20z') +
    line('M22 6v6M27 6v6M32 6v6M37 6v6M42 6v6', 2.5) +
    rect('w', 29, 30, 6, 10, 3),
  // Scented candle
  path('n', 'M32 6c6 7 5 13 0 13s-6-6 0-13z') +
    line('M32 18v8', 2) +
    rect('l', 16, 26, 32, 30, 4) +
    rect('m', 16, 36, 32, 12) +
    rect('d', 14, 54, 36, 4, 2),
  // Bathroom scale
  rect('m', 10, 12, 44, 42, 8) +
    path('w', 'M20 26a16 16 0 0 1 24 0l-6 6H26z') +
    line('M32 30l5-7', 2.5) +
    rect('d', 18, 40, 10, 8, 3) +
    rect('d', 36, 40, 10, 8, 3),
  // Face brush
  circle('l', 32, 20, 15) + circle('m', 32, 20, 9) + rect('d', 28, 34, 8, 24, 4) + circle('w', 32, 20, 3),
]
