import { agentTests } from './agents';
import { answerTests } from './answers';
import { filesTests } from './files';
import { sendingTests } from './sending';
import { storingTests } from './storing';
import { tableTests } from './tables';
import { ExamplesTestbed } from './testbed';
import { voiceNoteTests } from './voiceNotes';

/** The workflows of examples/, filled in as their notes say. All parts share one real n8n; `-t "voice notes"` runs one of them. */

jest.setTimeout(240_000);

const testbed = new ExamplesTestbed();
beforeAll(async () => await testbed.start(), 900_000);
afterAll(async () => await testbed.stop());
beforeEach(() => testbed.reset());

filesTests(testbed);
storingTests(testbed);
tableTests(testbed);
voiceNoteTests(testbed);
answerTests(testbed);
sendingTests(testbed);
agentTests(testbed);
