/** The LevelDB engine. */
import { nativeCases } from './engine-cases.js'

nativeCases('level')
