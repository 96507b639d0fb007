import { existsSync } from 'node:fs';

/**
 * Debian's 2.9.19, which speaks the query protocol with SQS and CloudWatch, or AWS's own package, which speaks JSON; the
 * first that is here, or ''. Tests that drive it are skipped elsewhere (`apt-get install awscli`).
 */
export const AWS_CLI = ['/usr/bin/aws', '/usr/local/bin/aws'].find((file) => existsSync(file)) ?? '';
