import { parseArgs } from 'node:util';
import { startEmulator, VENDORS, type EmulatorOptions } from '.';

/** `npm run emulator`: the emulator on its own, for a credential in a real n8n. Every origin has a port of its own, from `--port` on. */
async function main(): Promise<void> {
	const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } });
	let port = Number(values.port);
	const options: EmulatorOptions = {};
	for (const vendor of VENDORS) options[vendor] = { apiPort: port++, filesPort: port++ };
	const emulator = await startEmulator({ ...options, thirdParty: { port } });
	console.log(
		'\nWhatsApp emulator. Nothing leaves this machine, and everything is forgotten at the end (Ctrl+C).\n',
	);
	for (const vendor of VENDORS) console.log(emulator[vendor].help());
}

void main();
