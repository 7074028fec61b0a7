import { besideBuiltInTests } from './trigger/besideBuiltIn';
import { loadTests } from './trigger/load';
import { sharedTestbed } from './trigger/testbed';

/** The trigger beside n8n's own, and under load, in one real n8n. The last part kills n8n. */

const testbed = sharedTestbed();

besideBuiltInTests(testbed);
loadTests(testbed);
