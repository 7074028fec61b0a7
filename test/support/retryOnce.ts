/**
 * In CI, on a machine that others load too, a test that fails is run once more, and its first failure is printed; one that
 * fails twice fails. Elsewhere nothing is run twice, so that what is not steady is seen.
 */
if (process.env.RETRY_FAILED_TESTS) jest.retryTimes(1, { logErrorsBeforeRetry: true });
