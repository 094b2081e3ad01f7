type Answer = { data?: object | null; errors?: { message: string }[] };

/** The answers of a subscription, until it is complete. Its end can be asked for while the next one is awaited. */
export function events(body: ReadableStream<Uint8Array>): AsyncGenerator<Answer, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const answers = read(reader);
  const finish = answers.return.bind(answers);
  answers.return = async (value) => {
    await reader.cancel();
    return finish(value);
  };
  return answers;
}

async function* read(reader: ReadableStreamDefaultReader<string>): AsyncGenerator<Answer, void> {
  let rest = '';
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block);
      if (data) yield JSON.parse(data[1]);
    }
  }
}
