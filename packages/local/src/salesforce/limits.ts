import type { ApiUsage } from './api-usage.ts';

/** `GET /limits`. Only the first two are counted; the others are there because clients list them. */
export function limitsBody(api: ApiUsage, batches: ApiUsage, rows: number) {
  const full = (Max: number) => ({ Max, Remaining: Max });
  const counted = (usage: ApiUsage) => ({ Max: usage.limit, Remaining: Math.max(0, usage.limit - usage.used()) });
  const storageMb = 1024;
  return {
    DailyApiRequests: counted(api),
    DailyBulkApiBatches: counted(batches),
    DailyBulkV2QueryJobs: full(10_000),
    DailyBulkV2QueryFileStorageMB: full(976_562),
    DailyAsyncApexExecutions: full(250_000),
    DailyStandardVolumePlatformEvents: full(25_000),
    HourlyPublishedPlatformEvents: full(250_000),
    // A row weighs 2 KB, whatever is in it.
    DataStorageMB: { Max: storageMb, Remaining: Math.max(0, storageMb - Math.ceil((rows * 2) / 1024)) },
    FileStorageMB: full(1024),
    SingleEmail: full(5000),
    MassEmail: full(5000),
  };
}
