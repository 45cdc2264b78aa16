import fc from 'fast-check'
import { campaign } from './campaign.ts'

// A suite that fails by chance stops whoever happens to run it. A campaign looks for new cases; what it finds becomes a test.
if (!campaign) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 6 })

export { fc }
