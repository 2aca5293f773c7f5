import { systemClock } from '../../lib/record/clock.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import { runTransportSuite } from './run-transport-suite.js'

runTransportSuite('platformatic', () => platformaticTransport({ clock: systemClock, clientId: 'suite' }))
