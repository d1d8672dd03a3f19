namespace HotStandby.Messages.Model;

/// <summary>Where a client finds one memory replica.</summary>
/// <param name="Id">Unique in the cluster, never reused.</param>
/// <param name="SizeBytes">Length of the buffer.</param>
/// <param name="Address">Address in the owner's address space.</param>
/// <param name="Protocol">The segment's protocol.</param>
/// <param name="TransportEndpoint">The segment's endpoint.</param>
/// <param name="Status">Complete for readers, Processing for the writer.</param>
public readonly record struct ReplicaDescriptor(
    ulong Id, ulong SizeBytes, ulong Address, string Protocol, string TransportEndpoint, ReplicaStatus Status);
