import { besideBuiltInTests } from './trigger/besideBuiltIn';
import { loadTests } from './trigger/load';
import { TriggerTestbed } from './trigger/testbed';

/** The trigger beside n8n's own, and under load, in one real n8n. The last part kills n8n. */

jest.setTimeout(300_000);

const testbed = new TriggerTestbed();
beforeAll(async () => await testbed.start(), 900_000);
afterAll(async () => await testbed.stop());

besideBuiltInTests(testbed);
loadTests(testbed);
