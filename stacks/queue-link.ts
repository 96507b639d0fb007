/** A queue that a function reads by hand, or sends to: its address and the right to it, nothing else. */
const READ = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];

export function queueLink(name: string, queue: aws.sqs.Queue, may: 'read' | 'send' = 'read') {
  return new sst.Linkable(name, {
    properties: { url: queue.url, arn: queue.arn },
    include: [sst.aws.permission({ actions: may === 'read' ? READ : ['sqs:SendMessage'], resources: [queue.arn] })],
  });
}
