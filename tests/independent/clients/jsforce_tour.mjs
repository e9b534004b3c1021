// Drives jsforce through the org at argv[2], deploys the package at argv[3] and prints what it was told, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { Connection } = createRequire(import.meta.url)("jsforce");
const ROWS = 2100;
const loginUrl = process.argv[2];
const oauth2 = { loginUrl, clientId: "consumer-key", clientSecret: "consumer-secret" };

const refusal = (act) => act.then(() => null, (error) => error.errorCode ?? error.name);

async function login(org) {
  const refused = await refusal(new Connection({ oauth2 }).login("client@acme.example", "wrong"));
  const user = await org.authorize({ grant_type: "client_credentials" });
  const byPassword = new Connection({ oauth2 });
  const same = await byPassword.login("client@acme.example", "correct horseT0k3n");
  const identity = await org.identity();
  return { refused, sameUser: user.id === same.id, instance: org.instanceUrl, username: identity.username };
}

async function describe(org) {
  const every = await org.describeGlobal();
  const account = await org.sobject("Account").describe();
  const contacts = account.childRelationships.find((each) => each.childSObject === "Contact");
  return { objects: every.sobjects.map((each) => each.name), prefix: account.keyPrefix, contacts: contacts.relationshipName };
}

async function records(org) {
  const made = await org.sobject("Account").create({ Name: "Kākāpō Energy" });
  await org.sobject("Account").update({ Id: made.id, Site: "Invercargill" });
  const read = await org.sobject("Account").retrieve(made.id);
  const gone = await org.sobject("Account").destroy(made.id);
  const several = await org.sobject("Account").create([{ Name: "One" }, { Site: "nameless" }], { allOrNone: false });
  return {
    read: [read.Name, read.Site],
    deleted: gone.success,
    missing: await refusal(org.sobject("Account").retrieve(made.id)),
    several: several.map((each) => each.success),
    why: several[1].errors.map((each) => each.statusCode ?? each.errorCode),
  };
}

async function upserts(org) {
  const upsert = (name) => org.sobject("Account").upsert({ Legacy_Id__c: "GT-1", Name: name }, "Legacy_Id__c");
  const [first, second] = [await upsert("First"), await upsert("Second")];
  return { created: [first.created, second.created], same: first.id === second.id };
}

async function bulk(org) {
  const input = Array.from({ length: ROWS }, (_, n) => ({ Name: `Bulk ${n}`, Legacy_Id__c: `B-${n}` }));
  input[5].Name = "";
  const options = { object: "Account", operation: "insert", input, pollInterval: 200, pollTimeout: 60000 };
  const done = await org.bulk2.loadAndWaitForResults(options);
  return {
    good: done.successfulResults.length,
    errors: done.failedResults.map((each) => each.sf__Error.split(":")[0]),
    unprocessed: done.unprocessedRecords.length,
  };
}

async function queries(org) {
  const soql = "SELECT Id, Name FROM Account WHERE Legacy_Id__c LIKE 'B-%'";
  const page = await org.query(soql);
  const more = await org.queryMore(page.nextRecordsUrl);
  const stream = await org.bulk2.query(soql, { pollInterval: 200, pollTimeout: 60000 });
  return {
    total: page.totalSize,
    pages: [page.records.length, more.records.length, more.done],
    bulk: (await stream.toArray()).length,
    wrong: await refusal(org.query("SELECT Nonsense FROM Account")),
  };
}

async function graph(org) {
  const link = { LastName: "Child", Account: { Legacy_Id__c: "GT-1" } };
  const child = await org.sobject("Contact").create(link);
  const many = Array.from({ length: 450 }, (_, n) => ({ LastName: `Many ${n}`, Account: link.Account }));
  const made = await org.sobject("Contact").create(many, { allowRecursive: true });
  const found = await org.sobject("Account")
    .find({ Legacy_Id__c: { $in: ["GT-1", "GT-2"] } }, ["Id", "Name", "Owner.Username"])
    .include("Contacts").where({ LastName: { $like: "Many 1%" } }).orderby("LastName", "DESC").limit(3).end();
  const [parent] = await org.query(`SELECT Account.Name FROM Contact WHERE Id = '${child.id}'`).then((page) => page.records);
  return {
    made: made.filter((each) => each.success).length,
    owner: found[0].Owner.Username,
    children: found[0].Contacts.records.map((each) => each.LastName),
    parent: parent.Account.Name,
  };
}

async function cleaning(org) {
  const { records: doomed } = await org.query("SELECT Id FROM Contact WHERE LastName LIKE 'Many%'");
  const input = doomed.map(({ Id }) => ({ Id }));
  const options = { object: "Contact", operation: "delete", input, pollInterval: 200, pollTimeout: 60000 };
  const done = await org.bulk2.loadAndWaitForResults(options);
  const since = (minutes) => new Date(Date.now() + minutes * 60000);
  const { deletedRecords } = await org.sobject("Contact").deleted(since(-5), since(5));
  return { deleted: done.successfulResults.length, reported: deletedRecords.length };
}

async function deploy(org) {
  const options = { rollbackOnError: true, singlePackage: true, testLevel: "NoTestRun" };
  const { id } = await org.metadata.deployRest(readFileSync(process.argv[3]), options);
  const check = () => org.metadata.checkDeployStatus(id, true, true);
  let result = await check();
  for (; !result.done; result = await check()) await sleep(200);
  const [set] = (await org.query("SELECT Id FROM PermissionSet WHERE Name = 'Tariffs'")).records;
  const { id: AssigneeId } = org.userInfo;
  const assigned = await org.sobject("PermissionSetAssignment").create({ PermissionSetId: set.Id, AssigneeId });
  const account = await org.describe("Account");
  const tariff = account.fields.find((each) => each.name === "Tariff__c");
  const made = await org.sobject("Account").upsert({ Tariff__c: "T-1", Name: "By tariff" }, "Tariff__c");
  return { status: result.status, count: result.numberComponentsDeployed, assigned: assigned.success, tariff, created: made.created };
}

const org = new Connection({ oauth2, version: "60.0" });
const facts = { login: await login(org) };
for (const part of [describe, records, upserts, bulk, queries, graph, cleaning, deploy]) facts[part.name] = await part(org);
facts.usage = org.limitInfo.apiUsage;
console.log(JSON.stringify(facts));
