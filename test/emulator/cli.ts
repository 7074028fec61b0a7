import { parseArgs } from 'node:util';
import { startEmulator } from '.';

/** `npm run emulator`: the emulator on its own, for a credential in a real n8n. */
async function main(): Promise<void> {
	const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } });
	const port = Number(values.port);
	const { meta, whapi, pipes } = await startEmulator({
		meta: { graphPort: port, filesPort: port + 1 },
		thirdParty: { port: port + 2 },
		whapi: { gatePort: port + 3, filesPort: port + 4 },
		pipes: { apiPort: port + 5, filesPort: port + 6 },
	});
	console.log('\nWhatsApp emulator. Nothing leaves this machine, and everything is forgotten at the end (Ctrl+C).\n');
	for (const vendor of [meta, whapi, pipes]) console.log(vendor.help());
}

void main();
