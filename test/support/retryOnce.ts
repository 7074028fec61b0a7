/**
 * In the rings with a real n8n, which load the machine, `npm test` runs a test that fails once more; it prints the first failure
 * and names the test in its final table. One that fails twice fails. Nothing else is run twice, so that what is not steady is seen.
 */
if (process.env.RETRY_FAILED_TESTS) jest.retryTimes(1, { logErrorsBeforeRetry: true });
