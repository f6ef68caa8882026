-- Sends what the file in REQUESTS says, one request a line: path, tab, signature, tab, body. Reads are sent in a random
-- order; of writes each is sent once, and with nothing left the run is worth nothing, so it says so.
-- With PAUSE, each connection waits so many milliseconds before a request.
local requests, next_one = {}, 0
local method = os.getenv("METHOD")

function init()
   math.randomseed(7)
   local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
   for line in io.lines(os.getenv("REQUESTS")) do
      local path, signature, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      headers["X-Signature"] = signature ~= "" and signature or nil
      requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
   end
end

function request()
   if method == "GET" then return requests[math.random(#requests)] end
   next_one = next_one + 1
   if next_one == #requests + 1 then io.stderr:write("no request was left\n") end
   return requests[(next_one - 1) % #requests + 1]
end

local pause = tonumber(os.getenv("PAUSE"))
if pause > 0 then
   function delay() return pause end
end
