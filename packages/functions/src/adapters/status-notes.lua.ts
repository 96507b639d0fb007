import { script } from './redis.ts';

/**
 * KEYS[1] status:{salesforce}  ARGV[1] when an event was received, ms
 * Keeps the newest: events come out of order, and out of the archive.
 */
export const RECEIVED = script(`
local known = redis.call('HGET', KEYS[1], 'receivedAt')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'receivedAt', ARGV[1])
return 1
`);

/**
 * KEYS[1] status:{salesforce}  ARGV[1] now, ms  ARGV[2] how often a status may be written, ms
 * The turn to write it, for one reporter at a time. Returns 1, receivedAt, lastBatch, reportedAt and said; or 0.
 */
export const TURN = script(`
local turn = redis.call('HGET', KEYS[1], 'turn')
if turn and tonumber(ARGV[1]) < tonumber(turn) + tonumber(ARGV[2]) then return { 0, '', '', '', '' } end
redis.call('HSET', KEYS[1], 'turn', ARGV[1])
local known = redis.call('HMGET', KEYS[1], 'receivedAt', 'lastBatch', 'reportedAt', 'said')
return { 1, known[1] or '', known[2] or '', known[3] or '', known[4] or '' }
`);
