/** Product drawings: what plugs in. */
import { circle, ellipse, line, path, rect } from './shapes.js'

const phone = (x, y, width, height) =>
  rect('d', x, y, width, height, 5) + rect('m', x + 2, y + 3, width - 4, height - 6, 3)
const speaker = (x, y, width, height) =>
  rect('m', x, y, width, height, 3) +
  circle('l', x + width / 2, y + height * 0.3, width * 0.17) +
  circle('d', x + width / 2, y + height * 0.68, width * 0.32) +
  circle('l', x + width / 2, y + height * 0.68, width * 0.12)
export const audio = [
  // Wireless headphones
  line('M12 40V32a20 20 0 0 1 40 0v8', 4) +
    rect('m', 8, 36, 12, 20, 6) +
    rect('m', 44, 36, 12, 20, 6) +
    rect('l', 16, 38, 4, 16, 2) +
    rect('l', 44, 38, 4, 16, 2),
  // Bookshelf speakers
  speaker(7, 12, 22, 42) + speaker(35, 12, 22, 42),
  // Record player
  rect('m', 6, 16, 52, 36, 4) +
    circle('d', 27, 34, 15) +
    circle('n', 27, 34, 6) +
    circle('w', 27, 34, 1.5) +
    line('M50 22v14l-8 8', 3) +
    circle('l', 50, 22, 4),
  // Earbuds
  path('m', 'M12 16a9 9 0 0 1 18 0v6a7 7 0 0 1-7 7v22a3.5 3.5 0 0 1-7 0V28a9 9 0 0 1-4-8z') +
    path('l', 'M52 20a9 9 0 0 0-18 0v6a7 7 0 0 0 7 7v20a3.5 3.5 0 0 0 7 0V32a9 9 0 0 0 4-8z') +
    circle('d', 22, 18, 4) +
    circle('d', 42, 22, 4),
  // Soundbar
  rect('m', 4, 28, 56, 13, 6) +
    circle('l', 14, 34.5, 3.5) +
    circle('l', 50, 34.5, 3.5) +
    rect('w', 26, 33, 12, 3) +
    line('M12 41v5M52 41v5', 3),
  // Portable speaker
  rect('m', 10, 20, 44, 30, 15) +
    circle('d', 24, 35, 9) +
    circle('l', 24, 35, 3) +
    circle('d', 42, 35, 6) +
    line('M20 20c2-10 22-10 24 0', 3.5),
  // Studio monitors
  speaker(18, 6, 28, 52),
  // Microphone
  rect('m', 23, 6, 18, 30, 9) +
    line('M15 28a17 17 0 0 0 34 0M32 45v10', 3.5) +
    ellipse('d', 32, 57, 12, 3) +
    line('M27 16h10M27 23h10', 2),
  // Kitchen radio
  rect('m', 6, 22, 52, 32, 5) +
    circle('d', 22, 38, 10) +
    circle('l', 22, 38, 4) +
    rect('w', 36, 28, 17, 8, 1.5) +
    circle('l', 40, 46, 3) +
    circle('l', 50, 46, 3) +
    line('M44 22l8-14', 3),
  // Headphone stand
  line('M32 20v34', 4) +
    ellipse('d', 32, 56, 14, 3) +
    line('M16 38v-8a16 16 0 0 1 32 0v8', 4) +
    rect('m', 11, 34, 10, 16, 5) +
    rect('m', 43, 34, 10, 16, 5),
  // Phono preamp
  rect('m', 8, 24, 48, 22, 4) +
    circle('l', 20, 35, 6) +
    line('M20 35v-5', 2) +
    rect('w', 32, 31, 18, 2) +
    rect('w', 32, 37, 12, 2) +
    line('M14 46v5M50 46v5', 4),
  // Stereo amplifier
  rect('d', 5, 18, 54, 30, 3) +
    rect('m', 8, 21, 48, 24, 2) +
    circle('l', 20, 33, 8) +
    line('M20 33l4-5', 2) +
    circle('w', 36, 30, 3) +
    circle('w', 46, 30, 3) +
    rect('w', 34, 38, 14, 3) +
    line('M12 48v4M52 48v4', 4),
]

export const computing = [
  // Ultrabook 14"
  rect('d', 12, 14, 40, 28, 3) +
    rect('m', 15, 17, 34, 22, 1) +
    path('l', 'M6 44h52l-3 6H9z') +
    path('n', 'M15 39l14-22h9L24 39z'),
  // Mechanical keyboard
  rect('d', 4, 20, 56, 26, 4) +
    [0, 1, 2]
      .map((row) =>
        [0, 1, 2, 3, 4, 5]
          .map((key) => rect((row + key) % 5 === 0 ? 'n' : 'm', 8 + key * 8.2, 24 + row * 7, 6.5, 5, 1))
          .join(''),
      )
      .join(''),
  // Trackball mouse
  rect('m', 18, 8, 28, 48, 14) + line('M32 8v16', 2) + circle('d', 32, 30, 7) + circle('l', 30, 28, 2),
  // Monitor 27"
  rect('d', 4, 10, 56, 36, 3) +
    rect('m', 7, 13, 50, 30, 1) +
    path('n', 'M7 43l20-20 12 12 8-8 10 10v6z') +
    rect('d', 28, 46, 8, 7) +
    rect('d', 18, 52, 28, 4, 2),
  // USB-C dock
  rect('m', 8, 26, 48, 18, 5) +
    rect('d', 14, 32, 8, 5, 2.5) +
    rect('d', 26, 32, 8, 5, 2.5) +
    rect('d', 38, 32, 12, 5, 1) +
    line('M44 26V14a4 4 0 0 0-8 0', 3),
  // External SSD
  rect('m', 16, 10, 32, 42, 6) + rect('l', 21, 15, 22, 3) + circle('w', 40, 45, 2) + line('M32 52v8', 3.5),
  // Webcam
  circle('m', 32, 26, 19) +
    circle('d', 32, 26, 11) +
    circle('l', 32, 26, 5) +
    path('d', 'M22 46h20l4 10H18z') +
    circle('w', 46, 13, 2),
  // Laptop stand
  path('l', 'M6 22l36-12 3 6L9 28z') + line('M14 26l20 28M42 16L22 54', 4) + rect('d', 14, 52, 36, 5, 2),
  // Tablet 11"
  rect('d', 12, 6, 40, 52, 5) +
    rect('m', 16, 11, 32, 42, 1) +
    path('n', 'M16 53V36l12-10 20 18v9z') +
    circle('l', 40, 20, 4),
  // E-reader
  rect('d', 14, 6, 36, 52, 5) +
    rect('w', 18, 11, 28, 38, 1) +
    line('M22 19h20M22 26h20M22 33h20M22 40h12', 2) +
    circle('l', 32, 53.5, 2),
  // Wi-Fi router
  rect('m', 8, 38, 48, 14, 4) +
    line('M18 38V18M46 38V18', 3.5) +
    circle('w', 18, 45, 2) +
    circle('w', 26, 45, 2) +
    line('M26 24a9 9 0 0 1 12 0M22 18a15 15 0 0 1 20 0', 2.5),
  // Workstation 16"
  rect('d', 8, 12, 48, 32, 3) +
    rect('m', 11, 15, 42, 26, 1) +
    path('l', 'M2 46h60l-4 7H6z') +
    line('M16 22h14M16 28h22M16 34h10', 2.5),
]

export const phones = [
  // Smartphone
  phone(19, 5, 26, 54) + rect('w', 29, 8, 6, 2, 1) + circle('n', 32, 34, 7),
  // Compact phone
  phone(22, 10, 20, 44) + path('l', 'M24 36l8-8 8 8v15H24z'),
  // Foldable phone
  path('d', 'M8 12l24-4v48L8 52z') +
    path('m', 'M11 15l19-3v40l-19-3z') +
    path('d', 'M56 12L32 8v48l24-4z') +
    path('n', 'M53 15l-19-3v40l19-3z'),
  // Phone case
  rect('m', 17, 4, 30, 56, 8) +
    rect('l', 21, 8, 22, 48, 5) +
    rect('d', 23, 10, 11, 14, 4) +
    circle('w', 28.5, 14, 2) +
    circle('w', 28.5, 20, 2),
  // Fast charger
  rect('m', 14, 18, 28, 26, 6) +
    line('M42 26h8M42 36h8', 4) +
    path('w', 'M29 22l-7 10h5l-2 8 8-11h-5z') +
    line('M22 44c0 10 10 12 20 12', 3),
  // Power bank
  rect('m', 18, 8, 28, 48, 7) +
    rect('d', 26, 14, 12, 4, 2) +
    circle('w', 25, 46, 2) +
    circle('w', 31, 46, 2) +
    circle('l', 37, 46, 2) +
    path('w', 'M34 22l-7 10h5l-2 8 8-11h-5z'),
  // Smart watch
  rect('l', 23, 3, 18, 58, 4) + rect('d', 15, 16, 34, 32, 9) + rect('m', 19, 20, 26, 24, 6) + line('M32 25v8l6 4', 2.5),
  // Fitness band
  `<ellipse class="s" cx="32" cy="32" rx="24" ry="17" stroke-width="7"/>` +
    rect('m', 22, 40, 20, 14, 5) +
    rect('w', 27, 45, 10, 3),
  // Car mount
  phone(24, 6, 22, 36) + path('n', 'M22 22h4v16h-4zM44 22h4v16h-4z') + line('M35 42v8', 4) + circle('d', 35, 54, 6),
  // Charging stand
  phone(20, 6, 24, 40) + path('d', 'M14 46h36l4 10H10z') + path('w', 'M34 16l-7 10h5l-2 8 8-11h-5z'),
  // Screen protector
  rect('d', 12, 10, 24, 48, 5) + rect('l', 24, 6, 26, 48, 5) + line('M30 40l14-14M30 30l10-10', 2),
  // Camera grip
  rect('d', 6, 22, 52, 28, 5) +
    rect('m', 12, 26, 34, 20, 3) +
    circle('l', 29, 36, 8) +
    circle('d', 29, 36, 4) +
    rect('n', 48, 18, 10, 34, 5),
]
