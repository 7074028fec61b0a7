import { derivedSecret, SECRET_HEADER } from '../deliverySecret';
import { equalSecrets } from '../signature';
import { verifier } from '../verifier';

/** Whapi.Cloud signs nothing; a header of our own comes back with each delivery. */
export const verify = verifier({
	secret: derivedSecret,
	headers: { [SECRET_HEADER.toLowerCase()]: equalSecrets },
	noSecret: 'the credential has no token, so no delivery can be checked.',
	noHeader: `it carries no ${SECRET_HEADER}, so it does not come from a webhook that was registered by this node, or a proxy dropped the header.`,
	mismatch: `its ${SECRET_HEADER} does not match. The token may have changed since the webhook was registered: unpublish the workflow and publish it again.`,
});
