/** The shop page: its files, the packages it loads, and the catalogue. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { formatMicros } from '../records/money.js'
import type { ServicePort } from '../service-port.js'
import type { Door } from './door.js'

const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url))
/** Path under `/vendor/` → the package it is served from, and the file in it. */
const VENDOR_FILES = [
  ['uplot.js', 'uplot', 'dist/uPlot.esm.js'],
  ['uplot.css', 'uplot', 'dist/uPlot.min.css'],
  ['inter.woff2', '@fontsource-variable/inter', 'files/inter-latin-opsz-normal.woff2'],
] as const

export const pageDoor: Door = {
  name: 'page',
  what: 'GET / and the files of the page, GET /api/catalogue',
  isPublic: true,
  errors: [],
  async route(server, { access, service }) {
    const { default: files } = await import('@fastify/static')
    await server.register(files, { root: PAGE_FOLDER, index: ['index.html'], cacheControl: true, maxAge: 0 })
    vendorFiles(server)
    const catalogue = pageCatalogue(service, access.demoLogin)
    server.get('/api/catalogue', async () => catalogue)
  },
}

/** Charts and typeface, from where they are installed; without the typeface the page takes the system's. */
function vendorFiles(server: FastifyInstance): void {
  const require = createRequire(import.meta.url)
  for (const [path, name, file] of VENDOR_FILES) {
    if (name !== 'uplot' && !isInstalled(name)) continue
    const folder = dirname(require.resolve(`${name}/package.json`))
    server.get(`/vendor/${path}`, (_request, reply) => reply.sendFile(file, folder, { maxAge: '1d' }))
  }
}

function pageCatalogue(service: ServicePort, demoLogin: boolean) {
  return {
    currency: service.catalogue.currency,
    isInvented: service.catalogue.isInvented,
    input: { label: service.inputLabel, simulated: service.simulated, demoLogin },
    categories: service.catalogue.categories,
    products: service.catalogue.products.map(({ itemId, name, brand, category, unitPriceMicros, companions }) => {
      return {
        itemId,
        name,
        brand,
        category,
        price: unitPriceMicros === null ? null : formatMicros(unitPriceMicros),
        companions,
      }
    }),
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}
