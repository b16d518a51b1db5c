"""What the server does in one step: scripts are atomic to every other client, and in the append-only file.

A series (exchange and timeframe) has three kinds of keys, which share a hash tag:

* ``algotrade:online:{EXCHANGE:TIMEFRAME}:spec``, a hash: the feature set that made all of its vectors;
* ``…:symbols``, a set: whose vectors were published;
* ``…:vectors:SYMBOL``, a string: packed vectors.

All expire when nobody has written them for the store's time to live.
"""

from algotrade.data.online_store.packing import HEADER, SCHEMA_VERSION

SPEC_FIELDS = ("fingerprint", "names", "data_digest", "parameters")

# KEYS: spec, symbols, one of vectors for each symbol.
# ARGV: time to live (ms; 0 for ever), prefix of the vectors' keys, the fields of the spec, then symbol and vectors.
# Vectors of another feature set are removed before the first one of this is written.
WRITE = f"""
local ttl, prefix, first = tonumber(ARGV[1]), ARGV[2], {3 + len(SPEC_FIELDS)}
local function expire(key)
  if ttl > 0 then redis.call('PEXPIRE', key, ttl) else redis.call('PERSIST', key) end
end
if redis.call('HGET', KEYS[1], 'fingerprint') ~= ARGV[3] then
  for _, symbol in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('DEL', prefix .. symbol) end
  redis.call('DEL', KEYS[1], KEYS[2])
end
local written = 0
for i = 3, #KEYS do
  local symbol, packed = ARGV[first + 2 * (i - 3)], ARGV[first + 2 * (i - 3) + 1]
  local old = redis.call('GETRANGE', KEYS[i], 0, {HEADER.size - 1})
  local ours = #old == {HEADER.size} and struct.unpack('<I4', old) == {SCHEMA_VERSION}
    and string.sub(old, 21) == string.sub(packed, 21, {HEADER.size})
  if not ours or struct.unpack('<i8', packed, 13) >= struct.unpack('<i8', old, 13) then
    redis.call('SET', KEYS[i], packed)
    expire(KEYS[i])
    redis.call('SADD', KEYS[2], symbol)
    written = written + 1
  end
end
if written > 0 then
  redis.call('HSET', KEYS[1], {", ".join(f"'{name}', ARGV[{3 + place}]" for place, name in enumerate(SPEC_FIELDS))})
  expire(KEYS[1])
  expire(KEYS[2])
end
return written
"""

# KEYS: for each series its spec, then one of vectors for each symbol. ARGV: keys of a series, rows (0 for all).
READ = f"""
local group, rows = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {{}}
for i, key in ipairs(KEYS) do
  if (i - 1) % group == 0 then
    found[i] = redis.call('HMGET', key, 'fingerprint', 'names')
  else
    local last = -1
    local head = rows > 0 and redis.call('GETRANGE', key, 0, {HEADER.size - 1}) or ''
    if #head == {HEADER.size} and struct.unpack('<I4', head) == {SCHEMA_VERSION} then
      local width = struct.unpack('<I4', head, 9)
      last = {HEADER.size} + rows * 8 * (1 + width) - 1
    end
    found[i] = redis.call('GETRANGE', key, 0, last)
  end
end
return found
"""
