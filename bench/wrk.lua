-- Builds the requests of one wrk thread, and prints what it saw as one line of
-- JSON. Words after `--`: NAME=VALUE, see `defaults`.
--
-- An id is drawn once and never again: ids stand in an order of all
-- recorded transactions, and this run may draw the places first up to last of it. If it
-- runs out it ends loudly with exit code 9.

local defaults = {
  mode = "get",        -- get, assess, batch, mix or rows
  path = "/",          -- of get and batch
  assess_path = "/",   -- of assess and mix
  key = "",            -- bearer token; none if empty
  timeout_ms = "",     -- Connect-Timeout-Ms; none if empty
  recorded = "0", first = "0", last = "0", stride = "1", size = "1",
  prefix = "n",        -- of ids that are new to the store
  rows = "",           -- file of bodies, one a line, for rows
}
local REPEAT = 1024    -- how far back a mix asks again: answered before

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

-- A request around a body whose length does not change, so that only the body
-- is put together each time.
local function around(path, length)
  local placeholder = string.rep("x", length)
  local whole = wrk.format("POST", path, nil, placeholder)
  return whole:sub(1, #whole - length)
end

local function number(n) return (stride * n) % recorded end

local function draw()
  local n = counter
  if n >= last then
    io.stderr:write("wrk.lua: no transaction is left that was never assessed\n")
    os.exit(9)
  end
  counter = n + 1
  return n
end

local function get_body(n) return string.format('{"transaction_id":"b%08d"}', number(n)) end

-- A payment that is new to the store, of an account that is known to it.
local function assess_body(n)
  return string.format(
    '{"transaction":{"transaction_id":"%s%08d","account_id":"account-%07d","amount":%.2f,"currency":"EUR","time":"2026-06-%02dT%02d:%02d:%02dZ"}}',
    prefix, n, number(n) % accounts, 100 + (n * 7919) % 90000 / 100,
    1 + n % 28, n % 24, n % 60, (n * 7) % 60)
end

local makers = {}

function makers.get(o)
  local head = around(o.path, #get_body(0))
  return function() return head .. get_body(draw()) end
end

function makers.assess(o)
  local head = around(o.assess_path, #assess_body(0))
  return function() return head .. assess_body(draw()) end
end

function makers.batch(o)
  local size = tonumber(o.size)
  local ids = {}
  for i = 1, size do ids[i] = string.format('"b%08d"', 0) end
  local frame = '{"transaction_ids":[%s]}'
  local head = around(o.path, #frame:format(table.concat(ids, ",")))
  return function()
    for i = 1, size do ids[i] = string.format('"b%08d"', number(draw())) end
    return head .. frame:format(table.concat(ids, ","))
  end
end

-- Of 20 calls 16 ask about a recorded transaction, 3 bring a new one, 1 asks
-- again about the one asked for REPEAT calls ago.
function makers.mix(o)
  local get, assess = around(o.path, #get_body(0)), around(o.assess_path, #assess_body(0))
  local turn, asked, place = 0, {}, 0
  return function()
    turn = turn + 1
    local kind = turn % 20
    if kind < 3 then return assess .. assess_body(draw()) end
    if kind == 3 and asked[place + 1] then return get .. get_body(asked[place + 1]) end
    local n = draw()
    place = (place + 1) % REPEAT
    asked[place] = n
    return get .. get_body(n)
  end
end

function makers.rows(o)
  local whole = {}
  for line in io.lines(o.rows) do whole[#whole + 1] = wrk.format("POST", o.path, nil, line) end
  local at = 0
  return function()
    at = at % #whole + 1
    return whole[at]
  end
end

function init(args)
  local o = {}
  for name, value in pairs(defaults) do o[name] = value end
  for _, word in ipairs(args) do
    local name, value = word:match("^([%w_]+)=(.*)$")
    o[name] = value
  end
  recorded, first, last = tonumber(o.recorded), tonumber(o.first), tonumber(o.last)
  stride, prefix = tonumber(o.stride) % math.max(recorded, 1), o.prefix
  accounts = math.max(math.floor(recorded / 50), 1)
  counter = first
  wrk.headers["Content-Type"] = "application/json"
  if o.key ~= "" then wrk.headers["Authorization"] = "Bearer " .. o.key end
  if o.timeout_ms ~= "" then wrk.headers["Connect-Timeout-Ms"] = o.timeout_ms end
  request = makers[o.mode](o)
end

function done(summary, latency, requests)
  local e, used = summary.errors, 0
  for _, thread in ipairs(threads) do used = used + thread:get("counter") - thread:get("first") end
  io.write(string.format(
    '{"requests":%d,"micros":%d,"used":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,' ..
    '"p50":%d,"p90":%d,"p99":%d,"p99_9":%d,"max":%d}\n',
    summary.requests, summary.duration, used, e.connect, e.read, e.write, e.timeout, e.status,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max))
end
