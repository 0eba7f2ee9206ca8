/** The three samples of the method page, for the demo, the banner and the tests. */

const NUMBERS = { from: '+12345678901', to: ['+12345678902'] } as const;
const TEXT = 'Hey, check this out!';
const APPLICATION_ID = '93de2206-9669-4e07-948d-329f4b722ee2';
const TAG = 'test message';

export const SAMPLES = [
  {
    title: 'Send a single text message',
    input: { ...NUMBERS, text: TEXT, applicationId: APPLICATION_ID, tag: TAG },
  },
  {
    title: 'Send a picture message',
    input: {
      ...NUMBERS,
      text: TEXT,
      applicationId: APPLICATION_ID,
      media: ['https://s3.amazonaws.com/bw-v2-api/demo.jpg'],
      tag: TAG,
    },
  },
  {
    title: 'Send multiple pictures in a message',
    input: {
      ...NUMBERS,
      text: TEXT,
      applicationId: APPLICATION_ID,
      media: ['https://s3.amazonaws.com/bw-v2-api/demo.jpg', 'https://s3.amazonaws.com/bw-v2-api/demo2.jpg'],
      tag: TAG,
    },
  },
] as const;

export const SEND_MESSAGE =
  'mutation Send($input: MessageInput!) { sendMessage(input: $input) { id time to from text applicationId tag owner media direction segmentCount status } }';
