import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { MediaError } from '../errors';
import { nodeError } from '../execution/nodeError';
import type { MediaMessage } from '../providers/mediaMessage';
import type { Webhook } from '../providers/provider';
import { checkWithCachedClient } from './cachedClient';
import { deduplicate } from './deduplicate';
import { Downloads, downloadsOf } from './downloads';
import { refuseUnless, waitForExecutionStart } from './waitForExecutionStart';
import { triggerParameters, type TriggerParameters } from './fields';
import { matchesFilter } from './messageFilter';
import { fileLimit, toItems } from './messageItems';
import { logUnreadable } from './logUnreadable';
import { stopForwarding } from './registration';
import {
	IS_THERE,
	IS_THERE_HEADER,
	forwardToTest,
	isForwarded,
	reportShown,
	requestedTestPath,
} from './testForwarding';

/** Answers a provider that asks whether the webhook URL is ours. */
export async function answerHandshake(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const webhook = webhookOf(context);
	if (IS_THERE_HEADER in webhook.headers) return respond(context, 200, IS_THERE);
	const { result: answer } = await checkWithCachedClient(
		context,
		({ provider, credentials }) => provider.challenge?.(webhook, credentials),
		(challenge) => challenge !== undefined,
	);
	if (answer !== undefined) return respond(context, 200, answer);
	context.logger.warn(
		'WhatsApp Media Trigger refused a handshake: its verify token is not the one in the credential.',
	);
	return respond(context, 403, 'The verify token is not the one in the n8n credential.');
}

/** Starts the workflow with the new files of a delivery, once the delivery is verified. */
export async function receive(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const webhook = webhookOf(context);
	// Before anything is waited for: the workflow may be unpublished meanwhile.
	const ownDownloads = downloadsOf(context);
	const { client, result: verdict } = await checkWithCachedClient(
		context,
		({ provider, credentials }) => provider.verify(webhook, credentials),
		(verified) => verified === true,
	);
	if (verdict !== true) {
		context.logger.warn(`WhatsApp Media Trigger refused a delivery: ${verdict.reason}`);
		return respond(context, 401, 'The signature is missing or does not match.');
	}

	const messages = client.provider.parse(context.getBodyData(), logUnreadable(context));
	const shownByTest = await offerToTest(context, webhook, messages);
	// Remember them as seen, so that a redelivery after the test does not start production.
	await deduplicate(context, [...shownByTest]);
	const parameters = readParameters(context);
	const wanted = messages.filter(
		(message) => !shownByTest.has(message) && matchesFilter(message, parameters),
	);
	const shown = isForwarded(context) ? reportShown(context, messages, wanted) : wanted;
	let onReady!: () => void;
	const ready = new Promise<void>((resolve) => {
		onReady = resolve;
	});
	// With Download Files, n8n is asked to start the execution only once the files are there.
	const hasStarted = async () => {
		await ready;
		return await waitForExecutionStart(context.getResponseObject());
	};
	const { fresh, haveCopiesStarted } = await deduplicate(context, shown, hasStarted);
	if (!fresh.length) return haveCopiesStarted() ? {} : respond(context, 503, UNDECIDED);
	refuseUnless(haveCopiesStarted, context.getResponseObject());
	const downloads = parameters.options.downloadFiles ? ownDownloads : new Downloads();
	const files = { client, store: context.helpers, downloads };
	const items = await toItems(fresh, parameters.options, files, fileLimit(context)).finally(
		onReady,
	);
	return { workflowData: [items] };
}

const UNDECIDED = 'These messages are under way still. Deliver them again later.';

/**
 * A filter that cannot be read must neither let everything through nor drop it: the provider delivers again. It is the only one
 * to see the answer, and no execution shows the error, so that the log says it.
 * @throws NodeOperationError
 */
function readParameters(context: IWebhookFunctions): TriggerParameters {
	try {
		return triggerParameters(context);
	} catch (cause) {
		const error = nodeError(context, cause);
		const remedy = cause instanceof MediaError ? cause.description : UNREADABLE_EXPRESSION;
		context.logger.error(
			`${error.node.name} refused a delivery, since its form cannot be read: ${error.message}. ${remedy} Until that is mended, the provider delivers it again and again.`,
		);
		throw error;
	}
}

const UNREADABLE_EXPRESSION = 'Open the node, and change the expression in its field.';

/** The messages that a test of this workflow or another one shows in the place of production. */
async function offerToTest(
	context: IWebhookFunctions,
	{ query }: Webhook,
	messages: MediaMessage[],
): Promise<Set<MediaMessage>> {
	const testPath = requestedTestPath(query);
	if (!testPath || context.getMode() === 'manual') return new Set();
	const shown = await forwardToTest(context, testPath, messages);
	if (shown) return shown;
	void stopForwarding(context, testPath).catch((cause: Error) => {
		context.logger.warn(`WhatsApp Media Trigger: ${cause.message}`);
	});
	return new Set();
}

function webhookOf(context: IWebhookFunctions): Webhook {
	const { query, headers, rawBody } = context.getRequestObject();
	// For form bodies n8n gives no raw bytes. With an empty buffer no signature matches.
	return { query, headers, rawBody: rawBody ?? Buffer.alloc(0) };
}

/** Answers without starting an execution. As plain text, so that no browser runs what a caller had us echo. */
function respond(context: IWebhookFunctions, status: number, text: string): IWebhookResponseData {
	const response = context.getResponseObject();
	response.status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
	return { noWebhookResponse: true };
}
