using System.Runtime.Serialization;

namespace HotStandby.Actors.Serialization;

/// <summary>
/// Something that this system does not say between nodes, or not in this form. Remoting takes a
/// <see cref="SerializationException"/> for the fault of one message: it logs it, drops the message and keeps the association.
/// </summary>
internal sealed class SerializationRefusedException(string problem) : SerializationException(problem);
