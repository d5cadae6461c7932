// Starts the reference Bluesky servers (PLC directory, PDS, AppView) and prints {"pds": url} once they answer.
// Ends when its standard input closes, so that it cannot outlive the test session.
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.BLUESKY_PACKAGES}/package.json`)
const { TestPlc, TestBsync, TestBsky, TestPds, mockNetworkUtilities } = require('@atproto/dev-env')

const { DB_POSTGRES_URL: dbUrl, REDIS_HOST: redisHost } = process.env
const [plcPort, pdsPort, bskyPort] = process.env.BLUESKY_PORTS.split(',').map(Number)
const apiKey = 'bsync-api-key'

const plc = await TestPlc.create({ port: plcPort })
const bsync = await TestBsync.create({ apiKeys: [apiKey], dbUrl, dbSchema: 'bsync' })
const bsky = await TestBsky.create({
  port: bskyPort,
  plcUrl: plc.url,
  pdsPort,
  bsyncApiKey: apiKey,
  bsyncUrl: bsync.url,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresSchema: 'appview',
  dbPostgresUrl: dbUrl,
  redisHost,
})
bsync.ctx.dataplaneClients = [bsky.ctx.dataplane]
const pds = await TestPds.create({
  port: pdsPort,
  hostname: 'localhost',
  didPlcUrl: plc.url,
  bskyAppViewUrl: bsky.url,
  bskyAppViewDid: bsky.ctx.cfg.serverDid,
  rateLimitsEnabled: true,
})
mockNetworkUtilities(pds, bsky)

process.stdin.resume().on('end', () => process.exit(0))
console.log(JSON.stringify({ pds: pds.url }))
