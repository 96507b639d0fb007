import { EVENTS_KEPT } from '../bulk/row.ts';

/**
 * Newest wins, per owner and column (the rule of core's freshness.ts; both run freshness.cases.json). Put in front of the
 * scripts that merge rows. bulk/row.ts has the shapes.
 *
 *   order(known, incoming)   1: incoming is newer, -1: known is, 0: equal
 *   beats(known, say)        'yes', 'no' or 'tie'
 *   repeats(row, incoming, say)  whether a word that ties says what is known: invoice.paid and invoice.payment_succeeded
 *   merge(row, incoming)     changes row; gives 'stored', 'stale' (nothing taken) or 'tie' (an owner's word was left out)
 *   remember(row, event)     the event is in the row
 *   outdone(row, event)      the event is done with the row, and nothing of it is in the row: what it says is older
 *   owes(row, given)         takes over which Sync_Failure__c rows and which other events are settled with the row
 *   isStub(say)              whether it only says that the row is there
 *   named(row, id)           takes our own Salesforce row's id from whichever state knows it, as mergeRecords does; true: taken
 */
export const MERGE_LUA = `
local function order(known, incoming)
  local wasTerminal, isTerminal = known % 100 == 90, incoming % 100 == 90
  if wasTerminal ~= isTerminal then return isTerminal and 1 or -1 end
  if known == incoming then return 0 end
  return incoming > known and 1 or -1
end

local function beats(known, say)
  local newer = order(known.v, say.v)
  if newer ~= 0 then return newer > 0 and 'yes' or 'no' end
  if say.v == 0 then return 'no' end
  -- One event's own word, and what was read for its sake: the reading is the later. Two readings are a tie like any other.
  if say.e == known.e and not (say.f == 1 and known.f == 1) then return say.f >= known.f and 'yes' or 'no' end
  return 'tie'
end

local function settled(known, say, settle)
  local verdict = beats(known, say)
  if verdict ~= 'tie' or not settle then return verdict end
  if say.f ~= known.f then return say.f > known.f and 'yes' or 'no' end
  return say.e > known.e and 'yes' or 'no'
end

local function repeats(row, incoming, say)
  for name, column in pairs(incoming.columns) do
    local known = row.columns[name]
    if column.v == say.v and not (known and known.v == column.v and known.x == column.x) then return false end
  end
  return true
end

local function merge(row, incoming)
  local settle = incoming.settle == 1
  local stored, tie = false, false
  local tied = {}
  for owner, say in pairs(incoming.owners) do
    local known = row.owners[owner]
    local verdict = known and settled(known, say, settle) or 'yes'
    if verdict == 'tie' and repeats(row, incoming, say) then
      stored = true
    elseif verdict == 'yes' then
      row.owners[owner] = say
      stored = true
    elseif verdict == 'tie' then
      tie = true
      tied[say.v] = true
    end
  end
  for name, say in pairs(incoming.columns) do
    local known = row.columns[name]
    local verdict = known and settled(known, say, settle) or 'yes'
    -- A column without an owner has nobody to ask: the greater event id.
    if verdict == 'tie' and not tied[say.v] then verdict = settled(known, say, true) end
    if verdict == 'yes' then
      row.columns[name] = say
      stored = true
    end
  end
  return tie and 'tie' or (stored and 'stored' or 'stale')
end

local function named(row, id)
  if row.id == id or not string.find(row.id, '"rowId":null', 1, true) then return false end
  row.id = id
  return true
end

local function keep(list, event)
  for i = 1, #list do
    if list[i] == event then return end
  end
  list[#list + 1] = event
  if #list > ${EVENTS_KEPT} then table.remove(list, 1) end
end

local function remember(row, event)
  keep(row.events, event)
end

local function outdone(row, event)
  for i = 1, #row.events do
    if row.events[i] == event then return end
  end
  -- Not before there is one: Lua writes an empty list as {}.
  row.outdone = row.outdone or {}
  keep(row.outdone, event)
end

local function isStub(say)
  local spoke = false
  for _, word in pairs(say.owners) do
    if word.v ~= 0 then return false end
    spoke = true
  end
  return spoke
end

local function owes(row, given)
  for _, event in ipairs(given.outdone or {}) do outdone(row, event) end
  if not given.failures then return end
  row.failures = row.failures or {}
  for _, key in ipairs(given.failures) do
    local known = false
    for i = 1, #row.failures do known = known or row.failures[i] == key end
    if not known then row.failures[#row.failures + 1] = key end
  end
  row.redrives = math.max(row.redrives or 0, given.redrives or 0)
  row.tried = math.max(row.tried or 0, given.tried or 0)
end
`;

/**
 * KEYS  rows (hash: key → row) · due (sorted set: key by not-before) · batch (hash: the rows that are being sent) ·
 *       received (sorted set: key by when its oldest event was received) · lagging (as received, of rows that wait for
 *       their version alone) · late (sorted set: minute of receipt by when it was last seen) · covered
 * ARGV  now (ms) · replay margin (ms) · then per record: key, incoming (JSON)
 * A state that ties with one that is being sent is a tie too: the two would meet in the org, which can ask nobody.
 *
 * What is put here must come again if Redis loses it. A replay of the archive begins at `covered` at the latest
 * (coverage.lua.ts); after a loss nobody has said yet where, only that it is no later than now less the margin. An event
 * received before that is not taken: it is noted as late, so that the next status covers it, and comes again.
 *
 * Gives per record 'stored', 'stale', 'tie', 'late' or 'broken' (its JSON cannot be read), then the number of rows that
 * wait, those that only lag not counted.
 */
export const PUT_LUA = `${MERGE_LUA}
local now, margin = tonumber(ARGV[1]), tonumber(ARGV[2])
local covered = tonumber(redis.call('HGET', KEYS[7], 'from') or now - margin)

local function put(key, incoming)
  local text = redis.call('HGET', KEYS[1], key)
  local row = text and cjson.decode(text) or {
    id = incoming.id, columns = {}, owners = {},
    events = {}, eventId = incoming.e, correlationId = incoming.correlationId,
    oldestAt = incoming.at, newestAt = incoming.at, receivedAt = incoming.receivedAt, firstBufferedAt = now,
    notBefore = now, attempts = 0, apart = 0, lagged = 0,
  }
  local taken = merge(row, incoming)
  local learned = named(row, incoming.id)
  local outcome = taken
  local flying = incoming.settle == 0 and redis.call('HGET', KEYS[3], key)
  if flying then
    local sent = cjson.decode(flying)
    for owner, say in pairs(incoming.owners) do
      local known = sent.owners[owner]
      if known and beats(known, say) == 'tie' and not repeats(sent, incoming, say) then outcome = 'tie' end
    end
  end
  if not text or learned or outcome ~= 'stale' or incoming.failures then
    owes(row, incoming)
    -- A new row names its event even where that ties with one in flight: Lua writes an empty list as {}, which no
    -- flush could read.
    if taken == 'stored' or not text then remember(row, incoming.e)
    elseif outcome == 'stale' and not isStub(incoming) then outdone(row, incoming.e) end
    if incoming.at > row.newestAt then
      row.newestAt = incoming.at
      row.eventId, row.correlationId = incoming.e, incoming.correlationId
    end
    if incoming.at < row.oldestAt then row.oldestAt = incoming.at end
    if incoming.receivedAt < row.receivedAt then row.receivedAt = incoming.receivedAt end
    if redis.call('ZREM', KEYS[5], key) == 1 then
      row.oldestAt, row.lagged = incoming.at, 0
    end
    redis.call('HSET', KEYS[1], key, cjson.encode(row))
    redis.call('ZADD', KEYS[2], 'NX', now, key)
    redis.call('ZADD', KEYS[4], row.receivedAt, key)
  elseif not isStub(incoming) then
    -- It is done when what is newer stands. The row waits as it did.
    outdone(row, incoming.e)
    redis.call('HSET', KEYS[1], key, cjson.encode(row))
  end
  return outcome
end

local outcomes = {}
for i = 3, #ARGV, 2 do
  local readable, incoming = pcall(cjson.decode, ARGV[i + 1])
  if not readable then
    outcomes[#outcomes + 1] = 'broken'
  else
    if incoming.receivedAt < now - margin then
      redis.call('ZADD', KEYS[6], now, string.format('%.0f', math.floor(incoming.receivedAt / 60000) * 60000))
    end
    outcomes[#outcomes + 1] = incoming.receivedAt < covered and 'late' or put(ARGV[i], incoming)
  end
end
outcomes[#outcomes + 1] = redis.call('ZCARD', KEYS[2])
return outcomes
`;
