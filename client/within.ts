/** What is asked, or `late` where it takes longer than so many milliseconds; what comes of it after that is passed over. */
export async function within<T>(
  milliseconds: number,
  asked: Promise<T>,
  late: () => Error = () => new Error(`no answer within ${milliseconds / 1000} s`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  // It may fail after nobody waits for it any more.
  asked.catch(() => {});
  return Promise.race([asked, end]).finally(() => clearTimeout(timer));
}
