'use strict';

// Makes all five calls, once by GET and once by POST, with the provider's own
// client for Node, and writes what it got as one JSON array to standard output.
// Usage: node drive.js ENDPOINT ACCESS_KEY_ID < the secret

const { RPCClient } = require('@alicloud/pop-core');

async function main() {
  const [endpoint, accessKeyId] = process.argv.slice(2);
  const accessKeySecret = require('fs').readFileSync(0, 'utf8').trim();
  const client = new RPCClient({ endpoint, accessKeyId, accessKeySecret, apiVersion: '2017-07-05' });
  const seen = [];

  const call = async (method, action, params) => {
    const answer = await client.request(action, params, { method, timeout: 10000 });
    seen.push({ method, action, answer });
    return answer;
  };
  const refused = async (method, action, params, using = client) => {
    try {
      await using.request(action, params, { method, timeout: 10000 });
    } catch (err) {
      seen.push({ method, action, refused: { code: err.code, status: err.entry && err.entry.response.statusCode } });
      return;
    }
    throw new Error(`${method} ${action} should have been refused`);
  };

  // A UID of each method's own; the sandbox gives both five machines. The token
  // has every character that encodings like to get wrong.
  for (const [method, OwnerId] of [['GET', '1217259133477183'], ['POST', '1217259133477184']]) {
    const token = (what) => `${method} ${what} +*~/&=%!'()`;
    const count = await call(method, 'GetInstanceCount', { OwnerId });
    const BuyNumber = count.Data;
    const buy = {
      OwnerId, ClientToken: token('buy'), Duration: 1, PricingCycle: 'Month', VersionCode: 'level1', BuyNumber,
      IsAutoRenew: true, AutoRenewDuration: 1,
    };
    const { InstanceId } = await call(method, 'CreateInstance', buy);
    await call(method, 'CreateInstance', buy); // sent again: the same answer
    await refused(method, 'CreateInstance', { ...buy, Duration: 2 });
    await call(method, 'RenewInstance', { OwnerId, InstanceId, ClientToken: token('renew'), Duration: 1, PricingCycle: 'Year', BuyNumber });
    await call(method, 'UpgradeInstance', { OwnerId, InstanceId, ClientToken: token('upgrade'), VersionCode: 'level2', BuyNumber });
    await call(method, 'RefundInstance', { OwnerId, InstanceId });
    await refused(method, 'RefundInstance', { OwnerId, InstanceId });
    const stranger = new RPCClient({ endpoint, accessKeyId, accessKeySecret: 'wrong', apiVersion: '2017-07-05' });
    await refused(method, 'GetInstanceCount', { OwnerId }, stranger);
  }
  process.stdout.write(JSON.stringify(seen));
  process.exit(0); // do not wait for kept connections
}

main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exit(1);
});
