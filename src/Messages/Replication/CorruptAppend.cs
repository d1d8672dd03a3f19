namespace HotStandby.Messages.Replication;

/// <summary>
/// Serializer to the Standby of the same node: an append arrived whose batch is damaged. The Standby refuses it and so asks
/// for it again, instead of waiting for what was silently dropped. Never sent to another node.
/// </summary>
/// <param name="Header">The message without its batch. It is not a heartbeat.</param>
/// <param name="Problem">What was found.</param>
public sealed record CorruptAppend(AppendBatch Header, string Problem);
