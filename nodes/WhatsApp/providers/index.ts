import { meta } from './meta';
import type { Provider } from './provider';

/** Every vendor, by the value of the credential's field *Provider*. */
export const providers: Record<string, Provider> = { meta };
