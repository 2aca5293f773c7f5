// Turns package.json into the one of the image: the optional peers that the service uses become dependencies, and the
// tools for development go. The Dockerfile runs it, then `npm prune`. The service keeps its state in LevelDB.

import { readFileSync, writeFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const { devDependencies, peerDependencies, peerDependenciesMeta, ...rest } = manifest
const { '@nxtedition/rocksdb': _, ...used } = peerDependencies
rest.dependencies = { ...manifest.dependencies, ...used }
writeFileSync('package.json', `${JSON.stringify(rest, null, 2)}\n`)
