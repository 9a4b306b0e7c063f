// A provider of other make: the same protocol as the real one, written in
// another language from the provider's document alone, with error codes that
// the portal has never seen. Prints its address; GET /ledger tells what it sold.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const keys = { "other-make-id": "other-make-secret" };
const machines = 12;
let money = 1_000_000_00;
let dropNext = false; // work, then hang up
const ledger = [];
const byToken = new Map();
const byOwner = new Map();
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

function create(p) {
  const wanted = ["OwnerId", "Duration", "PricingCycle", "VersionCode", "BuyNumber", "IsAutoRenew"].map((k) => p.get(k)).join("|");
  const known = byToken.get(p.get("ClientToken"));
  if (known) { need(known.wanted === wanted, 409, "Shop.TokenReused"); return known.answer; }
  need(Number(p.get("BuyNumber")) === machines, 422, "Shop.MiscountedMachines");
  need(!byOwner.has(p.get("OwnerId")), 409, "Shop.OneEach");
  const price = machines * Number(p.get("Duration")) * 100_00;
  need(price <= money, 402, "Shop.PurseTooLight");
  money -= price;
  const n = ledger.length + 1;
  const answer = { OrderId: `OM-${n}`, InstanceId: `other-${n}` };
  byToken.set(p.get("ClientToken"), { wanted, answer });
  byOwner.set(p.get("OwnerId"), answer.InstanceId);
  ledger.push({ owner: p.get("OwnerId"), token: p.get("ClientToken"), ...answer, price });
  return answer;
}

let serial = 0;
const server = createServer((req, res) => {
  const url = new URL(req.url, "http://localhost");
  if (url.pathname === "/ledger") return res.end(JSON.stringify(ledger));
  if (url.pathname === "/drop-next") { dropNext = true; return res.end(); }
  if (url.pathname === "/spend-all") { money = 0; return res.end(); }
  req.resume().on("end", () => {
    const RequestId = `OTHER-${++serial}`;
    const say = (status, body) => { res.writeHead(status, { "Content-Type": "application/json" }); res.end(JSON.stringify({ RequestId, ...body })); };
    try {
      authenticate(req.method, url.searchParams);
      switch (url.searchParams.get("Action")) {
        case "GetInstanceCount": return say(200, { Data: machines, Success: true });
        case "CreateInstance": {
          const answer = create(url.searchParams);
          if (dropNext) { dropNext = false; return req.socket.destroy(); }
          return say(200, answer);
        }
        default: throw new Refusal(404, "Catalogue.NoSuchThing");
      }
    } catch (e) {
      if (!(e instanceof Refusal)) throw e;
      say(e.status, { Code: e.code, Message: "no", HostId: "other.make" });
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
