/** The engine in memory. */
import { engineCases } from './engine/engine-cases.js'

engineCases('memory')
