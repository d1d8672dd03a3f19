namespace HotStandby.Lab.Trace;

/// <summary>One request of an LLM service, as the published Mooncake traces have it.</summary>
/// <param name="TimestampMilliseconds">Arrival, from the start of the trace.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="HashIds">One id for each block of 512 prompt tokens; equal ids mean an equal prefix up to and with that block.</param>
internal sealed record TraceRequest(long TimestampMilliseconds, long InputTokens, long OutputTokens, ulong[] HashIds);
