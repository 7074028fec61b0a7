import { draftTests } from './trigger/draft';
import { hostileTests } from './trigger/hostile';
import { registrationTests } from './trigger/registration';
import { sharedTestbed } from './trigger/testbed';
import { abandonedTestTests, testingTests } from './trigger/testing';

/** The trigger in one real n8n, in parts that share it. The last one kills n8n. */

const testbed = sharedTestbed();

registrationTests(testbed);
testingTests(testbed);
draftTests(testbed);
hostileTests(testbed);
abandonedTestTests(testbed);
