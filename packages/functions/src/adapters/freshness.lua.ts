import { script } from './redis.ts';

/**
 * Remembers a written state unless a newer one is remembered: core's compareVersions, atomically.
 * KEYS[1] fresh:{owner:objectId}
 * ARGV[1] version  ARGV[2] event id  ARGV[3] life, seconds  ARGV[4] hash of the content, or ''
 * Returns 1 when stored, 0 when the remembered state is the newer one. Stored: '<version> <event id>[ <hash>]'.
 * Versions have twelve digits, so Lua's doubles hold them exactly; one that ends in 90 is terminal.
 */
export const REMEMBER = script(`
local stored = redis.call('GET', KEYS[1])
local incoming = tonumber(ARGV[1])
if stored then
  local known = tonumber(string.match(stored, '^(%d+) '))
  local knownTerminal, incomingTerminal = known % 100 == 90, incoming % 100 == 90
  if knownTerminal ~= incomingTerminal then
    if knownTerminal then return 0 end
  elseif incoming < known then
    return 0
  end
end
local content = ARGV[4] == '' and '' or ' ' .. ARGV[4]
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2] .. content, 'EX', ARGV[3])
return 1
`);
