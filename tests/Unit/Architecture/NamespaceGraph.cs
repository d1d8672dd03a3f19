// Which namespaces of an assembly refer to which others of it, from the compiled code: base types, fields, signatures, attributes, and
// every type or member that a method names inside. What the compiler has inlined (constants) leaves no trace and does not count.
using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace HotStandby.Tests.Unit.Architecture;

/// <summary>An arrow between two namespaces.</summary>
public readonly record struct Arrow(string From, string To)
{
    /// <inheritdoc/>
    public override string ToString() => $"{From} -> {To}";
}

/// <summary>Reads the arrows of one assembly.</summary>
internal sealed class NamespaceGraph
{
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xFFFF, code => code.OperandType);

    private readonly PEReader _image;
    private readonly MetadataReader _metadata;
    private readonly TypesOfSignature _signatures;
    private readonly Dictionary<Arrow, string> _arrows = [];
    private string _from = "";
    private string _type = "";

    private NamespaceGraph(PEReader image)
    {
        (_image, _metadata) = (image, image.GetMetadataReader());
        _signatures = new TypesOfSignature(this);
    }

    /// <summary>All arrows, each with a type that refers to another.</summary>
    public static IReadOnlyDictionary<Arrow, string> Of(PEReader image)
    {
        var graph = new NamespaceGraph(image);
        foreach (var handle in graph._metadata.TypeDefinitions)
            graph.Visit(handle);
        return graph._arrows;
    }

    /// <summary>The arrows that lie on a circle; none when no namespace reaches itself.</summary>
    public static IReadOnlyList<Arrow> OnCircles(IReadOnlyCollection<Arrow> arrows)
    {
        var targets = arrows.ToLookup(arrow => arrow.From, arrow => arrow.To);
        var reached = arrows.Select(arrow => arrow.To).Distinct().ToDictionary(each => each, Reached);
        return [.. arrows.Where(arrow => reached[arrow.To].Contains(arrow.From))
            .OrderBy(arrow => arrow.ToString(), StringComparer.Ordinal)];

        HashSet<string> Reached(string from)
        {
            var seen = new HashSet<string>();
            var open = new Stack<string>([from]);
            while (open.TryPop(out var next))
            {
                foreach (var to in targets[next].Where(seen.Add))
                    open.Push(to);
            }

            return seen;
        }
    }

    private void Visit(TypeDefinitionHandle handle)
    {
        var type = _metadata.GetTypeDefinition(handle);
        (_from, _type) = (NamespaceOf(handle), NameOf(handle));
        Note(type.BaseType);
        foreach (var implemented in type.GetInterfaceImplementations())
            Note(_metadata.GetInterfaceImplementation(implemented).Interface);
        foreach (var field in type.GetFields())
            _metadata.GetFieldDefinition(field).DecodeSignature(_signatures, null);
        foreach (var parameter in type.GetGenericParameters())
            Note(_metadata.GetGenericParameter(parameter));
        foreach (var attribute in type.GetCustomAttributes())
            Note(_metadata.GetCustomAttribute(attribute).Constructor);
        foreach (var method in type.GetMethods())
            Visit(_metadata.GetMethodDefinition(method));
    }

    private void Visit(MethodDefinition method)
    {
        method.DecodeSignature(_signatures, null);
        foreach (var parameter in method.GetGenericParameters())
            Note(_metadata.GetGenericParameter(parameter));
        if (method.RelativeVirtualAddress == 0)
            return;
        var body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_signatures, null);
        foreach (var caught in body.ExceptionRegions)
            Note(caught.CatchType);
        Visit(body.GetILReader());
    }

    private void Visit(BlobReader code)
    {
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            if (value == 0xFE)
                value = (value << 8) | code.ReadByte();
            switch (Operands[value])
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.ReadByte();
                    break;
                case OperandType.InlineVar:
                    code.ReadInt16();
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.ReadInt64();
                    break;
                case OperandType.InlineSwitch:
                    var targets = code.ReadInt32();
                    code.Offset += sizeof(int) * targets;
                    break;
                case OperandType.InlineType or OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineTok:
                    Note(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                default:
                    code.ReadInt32();
                    break;
            }
        }
    }

    private void Note(GenericParameter parameter)
    {
        foreach (var constraint in parameter.GetConstraints())
            Note(_metadata.GetGenericParameterConstraint(constraint).Type);
    }

    private void Note(EntityHandle handle)
    {
        if (handle.IsNil)
            return;
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                Note((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.MethodDefinition:
                Note(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Note(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Note(_metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                var method = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(_signatures, null);
                Note(method.Method);
                break;
            default:
                break; // another assembly's
        }
    }

    private void Note(TypeDefinitionHandle handle)
    {
        var to = NamespaceOf(handle);
        if (_from.Length > 0 && to.Length > 0 && to != _from)
            _arrows.TryAdd(new Arrow(_from, to), $"{_type} -> {NameOf(handle)}");
    }

    // Empty for what the compiler has made for the whole assembly.
    private string NamespaceOf(TypeDefinitionHandle handle) =>
        _metadata.GetString(_metadata.GetTypeDefinition(Outermost(handle)).Namespace);

    private string NameOf(TypeDefinitionHandle handle) => _metadata.GetString(_metadata.GetTypeDefinition(Outermost(handle)).Name);

    private TypeDefinitionHandle Outermost(TypeDefinitionHandle handle) =>
        _metadata.GetTypeDefinition(handle).GetDeclaringType() is { IsNil: false } outer ? Outermost(outer) : handle;

    // Notes each type of the assembly that stands in a signature; what it returns is not looked at.
    private sealed class TypesOfSignature(NamespaceGraph graph) : ISignatureTypeProvider<bool, object?>
    {
        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            graph.Note(handle);
            return true;
        }

        public bool GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => true;

        public bool GetArrayType(bool elementType, ArrayShape shape) => true;

        public bool GetByReferenceType(bool elementType) => true;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => true;

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => true;

        public bool GetGenericMethodParameter(object? genericContext, int index) => true;

        public bool GetGenericTypeParameter(object? genericContext, int index) => true;

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => true;

        public bool GetPinnedType(bool elementType) => true;

        public bool GetPointerType(bool elementType) => true;

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => true;

        public bool GetSZArrayType(bool elementType) => true;
    }
}
