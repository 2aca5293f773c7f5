// Turns package.json into the one of the image: the optional peers that the service uses become dependencies, and the
// tools for development go. The Dockerfile runs it, then `npm prune`.

import { readFileSync, writeFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const { devDependencies, peerDependencies, peerDependenciesMeta, ...rest } = manifest
rest.dependencies = { ...manifest.dependencies, ...peerDependencies }
writeFileSync('package.json', `${JSON.stringify(rest, null, 2)}\n`)
