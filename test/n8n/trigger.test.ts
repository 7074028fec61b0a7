import { draftTests } from './trigger/draft';
import { hostileTests } from './trigger/hostile';
import { registrationTests } from './trigger/registration';
import { TriggerTestbed } from './trigger/testbed';
import { abandonedTestTests, testingTests } from './trigger/testing';

/** The trigger in one real n8n, in parts that share it. The last one kills n8n. */

jest.setTimeout(300_000);

const testbed = new TriggerTestbed();
beforeAll(async () => await testbed.start(), 900_000);
afterAll(async () => await testbed.stop());

registrationTests(testbed);
testingTests(testbed);
draftTests(testbed);
hostileTests(testbed);
abandonedTestTests(testbed);
