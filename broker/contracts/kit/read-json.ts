import * as v from 'valibot';

/** Undefined where there is no text, or it is not JSON of this shape. */
export function readJson<S extends v.GenericSchema>(schema: S, text: string | undefined): v.InferOutput<S> | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return read.success ? read.output : undefined;
}
