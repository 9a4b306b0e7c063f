// A provider of other make: the same protocol as the real one, written in
// another language from the provider's document alone, with error codes that
// the portal has never seen. Prints its address; GET /ledger tells what it sold.
// Its prices and its dates are its own: months of 30 days, no discount.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const keys = { "other-make-id": "other-make-secret" };
const rates = { level1: 80_00, level2: 200_00 }; // fen a machine and a month
const month = 30 * 24 * 3600_000; // milliseconds
let machines = 12;
let money = 1_000_000_00;
let goneCode = "Shop.InstanceNotExist";
let faults = []; // {action, how, times}: what goes wrong with the next calls
const ledger = [];
const byToken = new Map();
const instances = new Map(); // by InstanceId; gone once refunded
const nonces = new Set();

const percent = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

class Refusal extends Error {
  constructor(status, code) { super(code); this.status = status; this.code = code; }
}
const need = (ok, status, code) => { if (!ok) throw new Refusal(status, code); };

function authenticate(method, p) {
  const secret = keys[p.get("AccessKeyId")];
  need(secret, 404, "Identity.Unheard");
  const canonical = [...p.entries()].filter(([k]) => k !== "Signature").sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => percent(k) + "=" + percent(v)).join("&");
  const want = createHmac("sha1", secret + "&").update(`${method}&${percent("/")}&${percent(canonical)}`).digest("base64");
  need(p.get("Signature") === want, 400, "Identity.WrongHandwriting");
  need(Math.abs(Date.now() - Date.parse(p.get("Timestamp"))) < 15 * 60_000, 400, "Identity.StaleTimestamp");
  need(!nonces.has(p.get("SignatureNonce")), 400, "SignatureNonceUsed");
  nonces.add(p.get("SignatureNonce"));
  need(p.get("Version") === "2017-07-05", 404, "Catalogue.NoSuchEdition");
}

const wantedBy = ["Action", "OwnerId", "InstanceId", "Duration", "PricingCycle", "VersionCode", "BuyNumber", "IsAutoRenew", "AutoRenewDuration"];

// once does what a token asks for a single time, and answers its copies alike.
function once(p, sell) {
  const token = p.get("ClientToken");
  need(token, 422, "Shop.TokenPlease");
  const wanted = wantedBy.map((k) => p.get(k)).join("|");
  const known = byToken.get(token);
  if (known) { need(known.wanted === wanted, 409, "Shop.TokenReused"); return known.answer; }
  need(Number(p.get("BuyNumber")) === machines, 422, "Shop.MiscountedMachines");
  const answer = sell(p, `OM-${ledger.length + 1}`);
  byToken.set(token, { wanted, answer });
  return answer;
}

// pay moves money, out of the purse or (a negative price) back into it.
function pay(kind, p, price, ids) {
  need(price <= money, 402, "Shop.PurseTooLight");
  money -= price;
  ledger.push({ kind, owner: p.get("OwnerId"), token: p.get("ClientToken"), ...ids, price });
}

function term(p) {
  const unit = { Month: 1, Year: 12 }[p.get("PricingCycle")];
  const length = Number(p.get("Duration")) * unit;
  need(Number.isInteger(length) && length > 0, 422, "Shop.OddTerm");
  return length;
}

function edition(p) {
  const level = p.get("VersionCode");
  need(level in rates, 422, "Shop.OddLevel");
  return level;
}

function held(p) {
  const it = instances.get(p.get("InstanceId"));
  need(it && !it.gone && it.owner === p.get("OwnerId"), 404, goneCode);
  return it;
}

function create(p, OrderId) {
  need(![...instances.values()].some((it) => it.owner === p.get("OwnerId") && !it.gone), 409, "Shop.OneEach");
  const months = term(p), level = edition(p), price = machines * months * rates[level];
  const answer = { OrderId, InstanceId: `other-${ledger.length + 1}` };
  pay("create", p, price, answer);
  instances.set(answer.InstanceId, { owner: p.get("OwnerId"), level, machines, from: Date.now(), until: Date.now() + months * month, paid: price });
  return answer;
}

function renew(p, OrderId) {
  const it = held(p), months = term(p), price = machines * months * rates[it.level];
  pay("renew", p, price, { OrderId, InstanceId: p.get("InstanceId") });
  it.until += months * month;
  it.paid += price;
  return { OrderId };
}

function upgrade(p, OrderId) {
  const it = held(p), level = edition(p);
  const dearer = machines * rates[level] - it.machines * rates[it.level];
  need(level >= it.level && machines >= it.machines && dearer > 0, 409, "Shop.OnlyUpward");
  const left = it.until - Date.now();
  need(left > 0, 409, "Shop.TermOver");
  const price = Math.ceil((dearer * left) / month);
  pay("upgrade", p, price, { OrderId, InstanceId: p.get("InstanceId") });
  Object.assign(it, { level, machines, paid: it.paid + price });
  return { OrderId };
}

// refund has no token: a copy finds the instance gone.
function refund(p) {
  const it = held(p);
  const left = Math.max(it.until - Date.now(), 0) / (it.until - it.from);
  pay("refund", p, -Math.floor(it.paid * left), { InstanceId: p.get("InstanceId") });
  it.gone = true;
  return {};
}

const selling = {
  CreateInstance: (p) => once(p, create),
  RenewInstance: (p) => once(p, renew),
  UpgradeInstance: (p) => once(p, upgrade),
  RefundInstance: refund,
};

// What can go wrong before the work is done, and after it.
const before = {
  hangUpFirst: ({ req }) => req.socket.destroy(),
  burnFirst: ({ say }) => say(500, { Code: "Shop.OnFire", Message: "no" }),
  queue: ({ say }) => say(400, { Code: "Throttling.Shop", Message: "later" }),
  refuse: ({ say }) => say(423, { Code: "Shop.ClosedToday", Message: "no" }),
  timeOut: ({ say }) => say(408, { Code: "Shop.TooSlow", Message: "no" }),
};
const after = {
  hangUp: ({ req }) => req.socket.destroy(),
  burn: ({ say }) => say(503, { Code: "Shop.OnFire", Message: "no" }),
  page: ({ res }) => { res.writeHead(502, { "Content-Type": "text/html" }); res.end("<h1>Bad gateway</h1>"); },
  cut: ({ req, res }) => { res.writeHead(200, { "Content-Length": "500" }); res.write('{"RequestId":"', () => req.socket.destroy()); },
  nothing: ({ res }) => { res.writeHead(200); res.end(); },
  bare: ({ res }) => { res.writeHead(200, { "Content-Type": "application/json" }); res.end("{}"); },
  sorry: ({ say }) => say(200, { Success: false }),
  number: ({ say }) => say(500, { Code: 17, Message: 17 }),
  silent: () => {},
};

function fault(action) {
  const f = faults.find((f) => f.action === action && f.times > 0);
  if (f) f.times--;
  return f?.how;
}

let serial = 0;
const server = createServer((req, res) => {
  const url = new URL(req.url, "http://localhost");
  if (url.pathname === "/ledger") return res.end(JSON.stringify(ledger));
  if (url.pathname === "/faults") return res.end(JSON.stringify({ before: Object.keys(before), after: Object.keys(after) }));
  if (url.pathname === "/fault") {
    faults.push({ action: url.searchParams.get("action"), how: url.searchParams.get("how"), times: Number(url.searchParams.get("times")) });
    return res.end();
  }
  if (url.pathname === "/gone-code") { goneCode = url.searchParams.get("code"); return res.end(); }
  if (url.pathname === "/spend-all") { money = 0; return res.end(); }
  if (url.pathname === "/machines") { machines = Number(url.searchParams.get("n")); return res.end(); }
  req.resume().on("end", () => {
    const RequestId = `OTHER-${++serial}`;
    const say = (status, body) => { res.writeHead(status, { "Content-Type": "application/json" }); res.end(JSON.stringify({ RequestId, ...body })); };
    try {
      const p = url.searchParams, action = p.get("Action");
      authenticate(req.method, p);
      if (action === "GetInstanceCount") return say(200, { Data: machines, Success: true });
      need(Object.hasOwn(selling, action), 404, "Catalogue.NoSuchThing");
      const how = fault(action), at = { req, res, say };
      if (how in before) return before[how](at);
      const answer = selling[action](p);
      if (how in after) return after[how](at);
      say(200, answer);
    } catch (e) {
      if (!(e instanceof Refusal)) throw e;
      say(e.status, { Code: e.code, Message: "no", HostId: "other.make" });
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
