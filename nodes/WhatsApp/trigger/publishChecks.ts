import type { IHookFunctions, ITriggerFunctions } from 'n8n-workflow';

import { MediaError } from '../errors';
import type { Credentials, Provider } from '../providers/provider';
import { createClient } from '../transport/client';
import { listInWords } from '../units';
import { triggerParameters } from './fields';
import type { AlsoStartOn } from './messageFilter';

/** A published workflow that can never start looks like one to which nobody has written yet. */

/** Of what *Also Start On* offers, that which may come without a file of any type. */
const WITHOUT_FILE: AlsoStartOn[] = ['text', 'unavailable', 'failed'];

/** @throws MediaError when no message can ever start the workflow, whatever is delivered */
function checkMediaTypes(context: IHookFunctions | ITriggerFunctions): void {
	const { mediaTypes, options } = triggerParameters(context);
	const { alsoStartOn = [] } = options;
	if (mediaTypes.length || alsoStartOn.some((origin) => WITHOUT_FILE.includes(origin))) return;
	throw new MediaError(
		'permanent',
		'No media type is chosen, so nothing can start the workflow',
		'Choose at least one in Media Types. For texts alone, add Also Start On under Options and choose Text Messages.',
	);
}

/** @throws MediaError when no message can ever start the workflow; on n8n's own start it only warns */
export function checkLiveReady(context: ITriggerFunctions): void {
	try {
		checkMediaTypes(context);
	} catch (cause) {
		warnOnOwnStart(context, cause);
	}
}

/**
 * @throws MediaError when nothing can ever be delivered to the node's webhook, or no delivery be believed; on n8n's own start it
 * only warns
 */
export async function checkWebhookReady(context: IHookFunctions): Promise<void> {
	try {
		checkMediaTypes(context);
		const client = await createClient(context);
		const { provider, credentials } = client;
		const isManual = context.getNodeParameter('registration') === 'manual';
		const problem = isManual ? manualProblem(provider, credentials) : registrationProblem(provider);
		if (problem) throw problem;
		// The app of a webhook that was set up by hand may be another than the token's.
		if (isManual || isOwnStart(context)) return;
		const secretProblem = await provider.checkSecret?.(client);
		if (secretProblem) throw secretProblem;
	} catch (cause) {
		warnOnOwnStart(context, cause);
	}
}

/** What was published runs: to refuse it when n8n starts would stop a workflow that may have worked for months. */
function warnOnOwnStart(context: IHookFunctions | ITriggerFunctions, cause: unknown): void {
	if (!isOwnStart(context)) throw cause;
	context.logger.warn(
		`${context.getNode().name} may not receive anything: ${(cause as Error).message}`,
	);
}

function isOwnStart(context: IHookFunctions | ITriggerFunctions): boolean {
	return ['init', 'leadershipChange'].includes(context.getActivationMode());
}

function registrationProblem({ registration, displayName }: Provider): MediaError | undefined {
	if (registration) return undefined;
	return new MediaError(
		'permanent',
		`n8n cannot tell ${displayName} where to deliver, so nothing would arrive`,
		'In Receive Files For, choose Manual, and follow its steps.',
	);
}

function manualProblem(
	{ manualNeeds, manualSetup, displayName, credentialForm }: Provider,
	credentials: Credentials,
): MediaError | undefined {
	if (!manualNeeds) {
		const remedy = manualSetup.charAt(0).toUpperCase() + manualSetup.slice(1);
		return new MediaError(
			'permanent',
			`${displayName} does not work with Manual, so nothing would arrive`,
			remedy,
		);
	}
	const missing = manualNeeds.filter((name) => !credentials[name]);
	if (!missing.length) return undefined;
	const labels = credentialForm.fields.flatMap((field) =>
		'displayName' in field && missing.some((name) => name === field.name) ? field.displayName : [],
	);
	return new MediaError(
		'credential',
		`Manual needs ${listInWords(labels)} in the credential; without ${labels.length > 1 ? 'them' : 'it'}, every message would be refused`,
		'Open the credential. The text below each field says where to find its value.',
	);
}
